#include "cli/emit_body.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using macp::cli::emit_body;
using macp::cli::EmitRequest;
using Json = nlohmann::json;

TEST_SUITE("emit") {
    TEST_CASE("makes data of the pairs, as texts unless they are JSON") {
        auto const body = emit_body(
            {.type = "task.failed", .members = {"--task_id", "007", "--exit-code:=2", "--note=a=b", "--list:=[1]"}}
        );
        REQUIRE(body);
        CHECK(
            *body ==
            Json{
                {"type", "task.failed"},
                {"payload", {{"task_id", "007"}, {"exit_code", 2}, {"note", "a=b"}, {"list", {1}}}}
            }
        );
    }

    TEST_CASE("adds the pairs to --data, and lets them win") {
        auto const body = emit_body({.type = "t", .id = "x", .data = R"({"a":1,"b":2})", .members = {"--b", "3"}});
        REQUIRE(body);
        CHECK(*body == Json{{"type", "t"}, {"id", "x"}, {"payload", {{"a", 1}, {"b", "3"}}}});
    }

    TEST_CASE("posts a CloudEvent when the source or the subject is given") {
        auto const body = emit_body({.type = "t", .source = "/me", .subject = "s", .data = "[1]"});
        REQUIRE(body);
        CHECK((*body)["specversion"] == "1.0");
        CHECK((*body)["source"] == "/me");
        CHECK((*body)["subject"] == "s");
        CHECK((*body)["data"] == Json::array({1}));
        CHECK((*body)["id"].get<std::string>().size() == 36);
        CHECK((*emit_body({.type = "t", .id = "mine", .subject = "s"}))["id"] == "mine");
    }

    TEST_CASE("refuses what makes no event") {
        CHECK_FALSE(emit_body({}));
        CHECK_FALSE(emit_body({.type = " "}));
        CHECK_FALSE(emit_body({.type = "t", .data = "{broken"}));
        CHECK_FALSE(emit_body({.type = "t", .data = "[1]", .members = {"--a", "1"}}));
        CHECK_FALSE(emit_body({.type = "t", .members = {"stray"}}));
        CHECK_FALSE(emit_body({.type = "t", .members = {"--a"}}));
        CHECK_FALSE(emit_body({.type = "t", .members = {"--", "x"}}));
        CHECK_FALSE(emit_body({.type = "t", .members = {"--a:=nope"}}));
        CHECK_FALSE(emit_body({.type = "t", .members = {"--=x"}}));
    }
}
