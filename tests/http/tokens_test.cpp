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

TEST_CASE("reads a file of tokens, and names the bad line") {
    auto const tokens = parse_token_file("# who may come in\n\nops  read,admin  aaaaaaaa\r\nhook ingest bbbbbbbb\n");
    REQUIRE(tokens);
    REQUIRE(tokens->size() == 2);
    CHECK(tokens->at(0).scopes == (Scope::Read | Scope::Admin));
    CHECK(tokens->at(1).name == "hook");
    CHECK(tokens->at(1).digest == sha256("bbbbbbbb"));
    auto const bad = parse_token_file("ops read aaaaaaaa\nops read bbbbbbbb");
    REQUIRE_FALSE(bad);
    CHECK(bad.error().message.starts_with("line 2: "));
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
