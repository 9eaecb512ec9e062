#include "ws/command.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace macp;
using ws::parse_command;

TEST_SUITE("commands") {
    TEST_CASE("reads a subscription with everything in it") {
        auto const command = parse_command(
            R"({"op":"subscribe","id":"1","channels":["events","telemetry"],"types":["task.*"],"where":{"repo_name":"x","attempt":2},"since":"abc:41","interval_ms":250})",
            true
        );
        REQUIRE(command);
        CHECK(command->id == R"("1")");
        auto const& subscribe = std::get<ws::Subscribe>(command->what);
        CHECK(subscribe.channels.events);
        CHECK(subscribe.channels.telemetry);
        CHECK(subscribe.filter.types == std::vector<std::string>{"task.*"});
        CHECK(subscribe.filter.where.size() == 2);
        CHECK(subscribe.since == core::Position{.kind = core::Position::Kind::At, .epoch = "abc", .seq = 41});
        CHECK(subscribe.telemetry_interval == std::chrono::milliseconds{250});
    }

    TEST_CASE("starts a subscription that says nothing else at now, on the events channel") {
        auto const command = parse_command(R"({"op":"subscribe"})", true);
        REQUIRE(command);
        auto const& subscribe = std::get<ws::Subscribe>(command->what);
        CHECK(subscribe.channels.events);
        CHECK_FALSE(subscribe.channels.telemetry);
        CHECK(subscribe.since.kind == core::Position::Kind::Now);
        CHECK(command->id.empty());
    }

    TEST_CASE("takes a bare number as a position and keeps a numeric id as it is") {
        auto const command = parse_command(R"({"op":"subscribe","id":7,"since":12})", true);
        REQUIRE(command);
        CHECK(command->id == "7");
        CHECK(std::get<ws::Subscribe>(command->what).since.seq == 12);
    }

    TEST_CASE("unsubscribes from everything unless channels are named") {
        auto const all = parse_command(R"({"op":"unsubscribe"})", true);
        auto const one = parse_command(R"({"op":"unsubscribe","channels":["telemetry"]})", true);
        REQUIRE(all);
        REQUIRE(one);
        CHECK(std::get<ws::Unsubscribe>(all->what).channels.events);
        CHECK_FALSE(std::get<ws::Unsubscribe>(one->what).channels.events);
    }

    TEST_CASE("refuses a wrong member, naming it and repeating the id, and leaves the connection") {
        std::vector<std::pair<std::string, std::string>> const cases{
            {R"("types":"a","types":[1])", "/types"},
            {R"("types":[""])", "/types"},
            {R"("types":[")" + std::string(core::max_pattern_bytes + 1, '*') + R"("])", "/types"},
            {R"("where":{"a":")" + std::string(core::max_pattern_bytes + 1, '*') + R"("})", "/where"},
            {R"("where":{")" + std::string(core::max_pattern_bytes + 1, 'a') + R"(":1})", "/where"},
            {R"("channels":["events","nope"])", "/channels"},
            {R"("since":"yesterday")", "/since"},
            {R"("since":-1)", "/since"},
            {R"("where":[])", "/where"},
            {R"("where":{"a":null})", "/where/a"},
            {R"("where":{"a":{"b":1}})", "/where/a"},
            {R"("interval_ms":99)", "/interval_ms"},
            {R"("surprise":1)", "/surprise"},
        };
        for (auto const& [members, field] : cases) {
            CAPTURE(members);
            auto const command = parse_command(R"({"op":"subscribe","id":"q",)" + members + "}", true);
            REQUIRE_FALSE(command);
            CHECK(command.error().error.field == field);
            CHECK(command.error().id == R"("q")");
            CHECK_FALSE(command.error().fatal);
        }
    }

    TEST_CASE("refuses an id that no answer could repeat") {
        for (std::string const id : {"{}", "[\"1\"]", "null"}) {
            for (std::string const op : {"subscribe", "unsubscribe", "ping"}) {
                CAPTURE(id);
                auto const command = parse_command(R"({"op":")" + op + R"(","id":)" + id + "}", true);
                REQUIRE_FALSE(command);
                CHECK(command.error().error.field == "/id");
                CHECK(command.error().id.empty());
                CHECK_FALSE(command.error().fatal);
            }
        }
    }

    TEST_CASE("calls everything that is no command fatal") {
        for (std::string const text : {"", "[]", "{", "null", R"({"op":"dance"})", R"({"op":7})", "{}"}) {
            CAPTURE(text);
            auto const command = parse_command(text, true);
            REQUIRE_FALSE(command);
            CHECK(command.error().fatal);
        }
    }

    TEST_CASE("does not offer telemetry where the sub-protocol has none") {
        auto const command = parse_command(R"({"op":"subscribe","channels":["telemetry"]})", false);
        REQUIRE_FALSE(command);
        CHECK(command.error().error.field == "/channels");
    }

    TEST_CASE("survives nesting that would overrun a stack") {
        auto const deep = std::string(50'000, '[') + std::string(50'000, ']');
        CHECK_FALSE(parse_command(R"({"op":"subscribe","where":)" + deep + "}", true));
    }
}
