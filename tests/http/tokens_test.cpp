#include "http/tokens.hpp"

#include <doctest/doctest.h>

TEST_SUITE_BEGIN("tokens");

using namespace macp::http;

TEST_CASE("reads scopes and secret, and keeps the secret as a digest only") {
    auto const token = parse_token("ops", "read,control:s3cret-s3cret:x");
    REQUIRE(token);
    CHECK(token->name == "ops");
    CHECK(token->scopes == (Scope::Read | Scope::Control));
    CHECK(token->digest == sha256("s3cret-s3cret:x"));
}

TEST_CASE("refuses what is no token without quoting it") {
    for (auto const* text :
         {"s3cret-s3cret", "fly:s3cret-s3cret", "read:short", ":s3cret-s3cret", "read:s3cret s3cret"}) {
        auto const token = parse_token("ops", text);
        REQUIRE_FALSE(token);
        CHECK(token.error().message.find("s3cret") == std::string::npos);
        CHECK(token.error().message.find("ops") != std::string::npos);
    }
}

TEST_CASE("listens beyond loopback only with tokens") {
    CHECK(check_listen("127.0.0.1:1", {}));
    CHECK(check_listen("127.8.0.1:1", {}));
    CHECK(check_listen("localhost:1", {}));
    CHECK(check_listen("[::1]:1", {}));
    CHECK_FALSE(check_listen("0.0.0.0:1", {}));
    CHECK_FALSE(check_listen("[::]:1", {}));
    CHECK_FALSE(check_listen("gateway.example:1", {}));
    CHECK_FALSE(check_listen("127.0.0.1", {}));
    CHECK(check_listen("0.0.0.0:1", {Token{.name = "ops"}}));
}

TEST_SUITE_END();
