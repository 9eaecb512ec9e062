#include "ingest/event_line.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace macp;

namespace {

core::Time const received = *core::parse_time("2026-03-31T09:00:00Z");

core::Result<core::NewEvent> parse(std::string_view line) {
    return ingest::event_from_line(line, {.source = "/orchestrator/events", .received = received});
}

std::string field_of(std::string_view line) {
    auto const event = parse(line);
    return event ? "none" : event.error().field;
}

}  // namespace

TEST_SUITE("event line") {
    TEST_CASE("keeps the line's own bytes as the data and reads the attributes") {
        std::string const line =
            R"({"event_type": "task.completed", "task_id":"T-1","event_id":"e1", "x":1.50, "timestamp":"2026-01-02T03:04:05+01:00"})";
        auto const event = parse(line);
        REQUIRE(event);
        CHECK(event->data == line);
        CHECK(event->type == "task.completed");
        CHECK(event->id == "e1");
        CHECK(event->subject == "T-1");
        CHECK(event->source == "/orchestrator/events");
        CHECK(core::format_time(event->time) == "2026-01-02T02:04:05Z");
    }

    TEST_CASE("takes the type from event_type, type, kind and event in that order, the first that is text") {
        CHECK(parse(R"({"event":"d","kind":"c","type":"b","event_type":"a"})")->type == "a");
        CHECK(parse(R"({"event":"d","kind":"c","type":"b","event_type":"  "})")->type == "b");
        CHECK(parse(R"({"event":"d","kind":"c","type":7})")->type == "c");
        CHECK(parse(R"({"event":" d "})")->type == "d");
        CHECK(field_of(R"({"metadata":{"type":"x"}})") == "/type");
        CHECK(field_of(R"({"type":null})") == "/type");
        CHECK(field_of(R"([1])").empty());
    }

    TEST_CASE("looks under metadata for what the top does not say") {
        auto const event = parse(
            R"({"type":"x","metadata":{"task_id":"T","session_name":"S","event_id":"e","timestamp":"2026-01-01T00:00:00Z"},"session_id":"top"})"
        );
        REQUIRE(event);
        CHECK(event->subject == "top");
        CHECK(event->id == "e");
        CHECK(core::format_time(event->time) == "2026-01-01T00:00:00Z");
    }

    TEST_CASE("reads ids that are text or whole numbers of any size, and makes one otherwise") {
        CHECK(parse(R"({"type":"x","id":"i","event_id":"e"})")->id == "e");
        CHECK(parse(R"({"type":"x","id":42})")->id == "42");
        CHECK(parse(R"({"type":"x","id":-9223372036854775808})")->id == "-9223372036854775808");
        CHECK(parse(R"({"type":"x","id":18446744073709551615})")->id == "18446744073709551615");
        CHECK(parse(R"({"type":"x","id":123456789012345678901234567890})")->id == "123456789012345678901234567890");
        CHECK(parse(R"({"type":"x","id":1.5})")->id.size() == 36);
        CHECK(parse(R"({"type":"x","id":" "})")->id.size() == 36);
        CHECK(parse(R"({"type":"x"})")->id != parse(R"({"type":"x"})")->id);
    }

    TEST_CASE("reads times as text with or without offset, and as seconds or milliseconds") {
        auto const time = [](std::string_view value) {
            return core::format_time(parse(R"({"type":"x","time":)" + std::string{value} + "}")->time);
        };
        CHECK(time(R"("2026-03-31T10:00:00")") == "2026-03-31T10:00:00Z");
        CHECK(time("1767225600") == "2026-01-01T00:00:00Z");
        CHECK(time("1767225600.5") == "2026-01-01T00:00:00.500Z");
        CHECK(time("1767225600123") == "2026-01-01T00:00:00.123Z");
        for (auto const* const bad : {R"("soon")", "true", "-5", "1e300", "{}"})
            CHECK(time(bad) == core::format_time(received));
    }

    TEST_CASE("refuses no number that is JSON, and every one that is not") {
        for (auto const* const good :
             {"123456789012345678901234567890", "-123456789012345678901234567890", "1e999", "-1E-999",
              "0.1234567890123456789012345", "1E+2", "[1e400,18446744073709551616]"}) {
            std::string const line =
                R"({"type":"x","n":)" + std::string{good} + R"(,"s":"1e999\" 99999999999999999999"})";
            auto const event = parse(line);
            CHECK_MESSAGE(event.has_value(), good);
            if (event) CHECK(event->data == line);
        }
        for (auto const* const bad :
             {"01", "1e", "+1", "1.", ".5", "0x10", "1e999x", "00000000000000000000001", "NaN"}) {
            CHECK_MESSAGE(!parse(R"({"type":"x","n":)" + std::string{bad} + "}").has_value(), bad);
        }
    }

    TEST_CASE("refuses what is not JSON or not UTF-8, saying so") {
        CHECK(parse(R"({"type":"x")").error().code == core::ErrorCode::BadJson);
        CHECK(parse(R"({"type":"x"} {})").error().code == core::ErrorCode::BadJson);
        CHECK(parse("{\"type\":\"\xff\"}").error().message.find("UTF-8") != std::string::npos);
        CHECK(parse("").error().code == core::ErrorCode::BadJson);
        CHECK_FALSE(parse(std::string(5000, '[')));
    }

    TEST_CASE("takes a line with a byte order mark, and leaves no bare carriage return in the data") {
        CHECK(parse("\xEF\xBB\xBF{\"type\":\"x\"}")->data == R"({"type":"x"})");
        CHECK(parse("{\"type\":\r\"x y\"}")->data == R"({"type":"x y"})");
    }
}
