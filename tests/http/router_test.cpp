#include "http/router.hpp"

#include "http/fixture.hpp"
#include "support/run.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <doctest/doctest.h>

#include <stdexcept>

TEST_SUITE_BEGIN("router");

using namespace macp;
namespace asio = boost::asio;
using testing::route;

namespace {

http::Route named(std::string_view method, std::string_view pattern, http::Scope scope = http::Scope::None) {
    auto made = route(method, pattern, [pattern](http::Request request) {
        std::string body{pattern};
        for (auto const& [name, value] : request.params) body += " " + name + "=" + value;
        return http::json_response(std::move(body));
    });
    made.scope = scope;
    return made;
}

/// The way of a request, as the connection's session goes it.
async::Task<http::Response> dispatch(http::Router const& router, http::Request request) {
    auto match = router.match(request.method, request.path);
    auto refusal = http::Router::refuse(match, request);
    if (refusal) co_return *std::move(refusal);
    request.params = std::move(match.params);
    co_return co_await http::Router::run(*match.route, std::move(request));
}

http::Response ask(http::Router const& router, std::string method, std::string path, http::Scope scopes = {}) {
    http::Request request{.method = std::move(method), .path = std::move(path), .id = "r1", .scopes = scopes};
    if (scopes != http::Scope::None) request.caller = "ops";
    return testing::run(dispatch(router, std::move(request)));
}

std::string header(http::Response const& response, std::string_view name) {
    for (auto const& [key, value] : response.headers) {
        if (key == name) return value;
    }
    return {};
}

async::Task<core::Result<http::Response>> wait_long(http::Request /*request*/) {
    async::Timer timer{(co_await asio::this_coro::executor), std::chrono::hours{1}};
    co_await timer.async_wait(async::nothrow);
    co_return core::fail(core::ErrorCode::Unavailable, "was cancelled");
}

}  // namespace

TEST_CASE("finds literal segments before captures") {
    http::Router const router{{
        named("GET", "/tasks/{id}"),
        named("GET", "/{any}/special/{x}"),
        named("GET", "/tasks/export"),
        named("GET", "/tasks/{id}/log"),
        named("GET", "/tasks/special/{rest}"),
    }};
    CHECK(ask(router, "GET", "/tasks/7").body == "/tasks/{id} id=7");
    CHECK(ask(router, "GET", "/tasks/export").body == "/tasks/export");
    CHECK(ask(router, "GET", "/tasks/7/log").body == "/tasks/{id}/log id=7");
    CHECK(ask(router, "GET", "/tasks/special/z").body == "/tasks/special/{rest} rest=z");
    CHECK(ask(router, "GET", "/other/special/z").body == "/{any}/special/{x} any=other x=z");
    CHECK(ask(router, "GET", "/tasks/").status == 404);
    CHECK(ask(router, "GET", "/tasks/7/log/x").status == 404);
    CHECK(ask(router, "GET", "").status == 404);
}

TEST_CASE("decodes captures after it has split the path") {
    http::Router const router{{named("GET", "/tasks/{id}")}};
    CHECK(ask(router, "GET", "/tasks/a%2Fb%20c").body == "/tasks/{id} id=a/b c");
    CHECK(ask(router, "GET", "/tasks/%zz").status == 404);
}

TEST_CASE("names the methods of a path, also where a literal hides a capture") {
    http::Router const router{
        {named("GET", "/tasks/{id}"), named("DELETE", "/tasks/{id}"), named("POST", "/tasks/export")}
    };
    auto const refused = ask(router, "PUT", "/tasks/7");
    CHECK(refused.status == 405);
    CHECK(header(refused, "Allow") == "GET, HEAD, DELETE, OPTIONS");
    CHECK(ask(router, "GET", "/tasks/export").body == "/tasks/{id} id=export");
    CHECK(ask(router, "HEAD", "/tasks/7").status == 200);
    auto const options = ask(router, "OPTIONS", "/tasks/7");
    CHECK(options.status == 204);
    CHECK(header(options, "Allow") == "GET, HEAD, DELETE, OPTIONS");
    CHECK(ask(router, "OPTIONS", "/nowhere").status == 404);
    auto const all = ask(router, "OPTIONS", "*");
    CHECK(all.status == 204);
    CHECK(header(all, "Allow") == "GET, HEAD, DELETE, POST, OPTIONS");
}

TEST_CASE("asks for a token, then for the scope") {
    http::Router const router{{named("POST", "/kill", http::Scope::Control)}};
    auto const stranger = ask(router, "POST", "/kill");
    CHECK(stranger.status == 401);
    CHECK(header(stranger, "WWW-Authenticate") == "Bearer");
    auto const reader = ask(router, "POST", "/kill", http::Scope::Read);
    CHECK(reader.status == 403);
    CHECK(reader.body.find("the scope `control`; `ops` has read") != std::string::npos);
    CHECK(ask(router, "POST", "/kill", http::Scope::Control).status == 200);
    CHECK(ask(router, "POST", "/kill", http::Scope::Admin).status == 200);
}

TEST_CASE("wraps what a handler throws, and tells the client nothing of it") {
    http::Router const router{{route("GET", "/bug", [](http::Request const&) -> core::Result<http::Response> {
        throw std::runtime_error{"secret detail"};
    })}};
    auto const response = ask(router, "GET", "/bug", http::Scope::Read);
    CHECK(response.status == 500);
    CHECK(response.content_type == "application/problem+json");
    CHECK(response.body.find("secret detail") == std::string::npos);
    CHECK(response.body.find(R"("request_id":"r1")") != std::string::npos);
}

TEST_CASE("answers 504 for a cancelled handler") {
    http::Router const router{{{.method = "GET", .pattern = "/slow", .scope = {}, .handler = wait_long}}};
    asio::io_context loop{1};
    asio::cancellation_signal signal;
    unsigned status = 0;
    http::Request request{.method = "GET", .path = "/slow"};
    asio::co_spawn(
        loop, dispatch(router, std::move(request)),
        asio::bind_cancellation_slot(
            signal.slot(), [&](std::exception_ptr, http::Response response) { status = response.status; }
        )
    );
    loop.poll();
    CHECK(status == 0);
    signal.emit(asio::cancellation_type::terminal);
    loop.poll();
    CHECK(status == 504);
}

TEST_CASE("refuses two routes for the same requests") {
    CHECK_THROWS_AS((http::Router{{named("GET", "/a/{x}"), named("GET", "/a/{y}")}}), std::invalid_argument);
    CHECK_THROWS_AS((http::Router{{named("GET", "/a"), named("GET", "/a")}}), std::invalid_argument);
}

TEST_SUITE_END();
