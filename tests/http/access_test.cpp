#include "http/access.hpp"

#include <doctest/doctest.h>

TEST_SUITE_BEGIN("access");

using namespace macp::http;
using macp::core::ErrorCode;

namespace {

Ends loopback_ends() {
    return {
        .remote = "127.0.0.1:5000",
        .local_host = "127.0.0.1",
        .local_port = "25294",
        .remote_is_loopback = true,
        .local_is_loopback = true,
    };
}

Ends network_ends() {
    return {.remote = "192.0.2.7:5000", .local_host = "192.0.2.1", .local_port = "25294"};
}

Request with_header(std::string name, std::string value) {
    return Request{.method = "GET", .headers = {{std::move(name), std::move(value)}}};
}

Token token(std::string const& name, std::string const& text) {
    return *parse_token(name, text);
}

}  // namespace

TEST_CASE("serves its own host, loopback names on loopback, and configured ones") {
    Access const access{{.hosts = {"gw.example", "dash.example:8443"}}};
    auto const allows_host = [&](std::string host, Ends const& ends) {
        return access.check_host(with_header("host", std::move(host)), ends).has_value();
    };
    CHECK(allows_host("127.0.0.1:25294", loopback_ends()));
    CHECK(allows_host("localhost:25294", loopback_ends()));
    CHECK(allows_host("LocalHost", loopback_ends()));
    CHECK(allows_host("[::1]:9", loopback_ends()));
    CHECK(allows_host("gw.example:77", loopback_ends()));
    CHECK(allows_host("GW.example", loopback_ends()));
    CHECK(allows_host("dash.example:8443", loopback_ends()));
    CHECK(allows_host("192.0.2.1:25294", network_ends()));

    CHECK_FALSE(allows_host("dash.example", loopback_ends()));
    CHECK_FALSE(allows_host("evil.example:25294", loopback_ends()));
    CHECK_FALSE(allows_host("localhost.evil.example", loopback_ends()));
    CHECK_FALSE(allows_host("localhost:25294", network_ends()));
    CHECK_FALSE(allows_host("192.0.2.1:80", network_ends()));
    CHECK_FALSE(allows_host("", loopback_ends()));
    CHECK(access.check_host(Request{}, loopback_ends()));
}

TEST_CASE("lets pages of its own and of allowed origins call") {
    Access const access{{.origins = {"https://dash.example"}}};
    auto const allows_origin = [&](std::string origin) {
        Request const request{.headers = {{"host", "gw.example:80"}, {"origin", std::move(origin)}}};
        return access.check_origin(request).has_value();
    };
    CHECK(access.check_origin(Request{}));
    CHECK(allows_origin("http://gw.example:80"));
    CHECK(allows_origin("https://dash.example"));
    CHECK_FALSE(allows_origin("http://dash.example"));
    CHECK_FALSE(allows_origin("https://dash.example.evil"));
    CHECK_FALSE(allows_origin("http://gw.example:81"));
    CHECK_FALSE(allows_origin("null"));
    CHECK_FALSE(allows_origin(""));
    CHECK(access.check_origin(with_header("origin", "http://x")).error().code == ErrorCode::Forbidden);
}

TEST_CASE("lets loopback do everything when no token is configured, and nobody else") {
    Access const access{{}};
    Request request;
    access.identify(request, loopback_ends());
    CHECK(allows(request.scopes, Scope::Admin | Scope::Control));
    access.identify(request, network_ends());
    CHECK(request.scopes == Scope::None);
}

TEST_CASE("knows callers by their tokens, and hands no token on") {
    Access const access{{.tokens = {token("ops", "read,control:aaaaaaaa"), token("hook", "ingest:bbbbbbbb")}}};
    auto request = with_header("authorization", "bearer  bbbbbbbb");
    access.identify(request, loopback_ends());
    CHECK(request.scopes == Scope::Ingest);
    CHECK(request.caller == "hook");
    CHECK_FALSE(request.header("authorization"));

    request = with_header("authorization", "Bearer cccccccc");
    access.identify(request, loopback_ends());
    CHECK(request.scopes == Scope::None);
    CHECK(request.caller.empty());

    request = Request{.method = "GET", .query = {{"a", "1"}, {"access_token", "aaaaaaaa"}}};
    access.identify(request, loopback_ends());
    CHECK(request.caller == "ops");
    CHECK(request.query == Pairs{{"a", "1"}});

    request = Request{.method = "POST", .query = {{"access_token", "aaaaaaaa"}}};
    access.identify(request, loopback_ends());
    CHECK(request.scopes == Scope::None);
    CHECK(request.query.empty());
}

TEST_CASE("a caller may no longer do what its token has no scope for any more") {
    Access access{{.tokens = {token("ops", "read,ingest:aaaaaaaa"), token("boss", "admin:bbbbbbbb")}}};
    CHECK(access.still_valid("ops", Scope::Read));
    CHECK(access.still_valid("boss", Scope::Read));
    access.replace({.tokens = {token("ops", "ingest:aaaaaaaa"), token("boss", "admin:bbbbbbbb")}});
    CHECK_FALSE(access.still_valid("ops", Scope::Read));
    CHECK(access.still_valid("ops", Scope::Ingest));
    CHECK(access.still_valid("boss", Scope::Read));
}

TEST_CASE("a caller is gone when its token is, or has another secret") {
    Access access{{.tokens = {token("ops", "read:aaaaaaaa"), token("hook", "ingest:bbbbbbbb")}}};
    CHECK(access.still_valid("ops", Scope::Read));
    CHECK(access.still_valid("hook", Scope::Ingest));
    CHECK_FALSE(access.still_valid("", Scope::Read));

    access.replace({.tokens = {token("ops", "read:aaaaaaaa"), token("hook", "ingest:changed-it")}});
    CHECK(access.still_valid("ops", Scope::Read));
    CHECK_FALSE(access.still_valid("hook", Scope::Ingest));
    auto request = with_header("authorization", "Bearer changed-it");
    access.identify(request, loopback_ends());
    CHECK(access.still_valid(request.caller, Scope::Ingest));

    access.replace({.tokens = {token("ops", "read:aaaaaaaa")}});
    CHECK(access.still_valid("ops", Scope::Read));
    CHECK_FALSE(access.still_valid(request.caller, Scope::Read));
    access.replace({});
    CHECK(access.still_valid("", Scope::Read));
}

TEST_SUITE_END();
