#include "core/event.hpp"

#include "core/json.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace macp::core;

TEST_SUITE("event") {
    TEST_CASE("goes out as a CloudEvent on one line") {
        NewEvent const event{
            .id = "e-1",
            .source = "/orchestrator/events",
            .type = "task.completed",
            .subject = "T-1",
            .time = *parse_time("2026-03-31T09:00:00Z"),
            .data = R"({"task_id":"T-1"})",
            .extensions = ""
        };
        std::string out = "before|";
        auto const span = append_event(out, 1042, event);
        CHECK(
            out == R"(before|{"specversion":"1.0","id":"e-1","seq":1042,"source":"/orchestrator/events",)"
                   R"("type":"task.completed","subject":"T-1","time":"2026-03-31T09:00:00Z",)"
                   R"("datacontenttype":"application/json","data":{"task_id":"T-1"}})"
        );
        CHECK(out.substr(span.offset, span.size) == event.data);
    }

    TEST_CASE("may have names up to a length, and says which one is too long") {
        std::string const longest(most_attribute_bytes, 'x');
        CHECK(check_event({.id = longest, .source = longest, .type = longest, .subject = longest}));
        CHECK(check_event({.id = "i", .data = longest + longest}));
        CHECK(check_event({.id = longest + 'x'}).error().field == "/id");
        CHECK(check_event({.source = longest + 'x'}).error().field == "/source");
        CHECK(check_event({.type = longest + 'x'}).error().field == "/type");
        auto const refused = check_event({.subject = longest + 'x'});
        CHECK(refused.error().field == "/subject");
        CHECK(refused.error().code == ErrorCode::InvalidField);
    }

    TEST_CASE("leaves out what it has not") {
        std::string out;
        auto const span = append_event(out, 1, {.id = "x", .source = "/s", .type = "t"});
        auto const json = parse_json(out);
        REQUIRE(json);
        CHECK_FALSE(json->contains("subject"));
        CHECK_FALSE(json->contains("data"));
        CHECK_FALSE(json->contains("datacontenttype"));
        CHECK(span.size == 0);
    }

    TEST_CASE("stays JSON whatever its attributes hold") {
        std::string out;
        NewEvent const event{
            .id = "a\"b\\c\n",
            .source = "/s\x01",
            .type = "t\xff",
            .subject = "日本",
            .time = {},
            .data = "null",
            .extensions = R"(,"traceparent":"00-1")"
        };
        append_event(out, 18446744073709551615ULL, event);
        auto const json = parse_json(out);
        REQUIRE(json);
        CHECK((*json)["id"] == event.id);
        CHECK((*json)["source"] == event.source);
        CHECK((*json)["type"] == "t\xef\xbf\xbd");
        CHECK((*json)["subject"] == event.subject);
        CHECK((*json)["traceparent"] == "00-1");
        CHECK((*json)["seq"] == 18446744073709551615ULL);
        CHECK(out.find('\n') == std::string::npos);
    }

    TEST_CASE("fits the hint when nothing needs escaping") {
        NewEvent const event{
            .id = std::string(36, 'x'),
            .source = "/hooks/omx",
            .type = "session.started",
            .subject = "s",
            .time = *parse_time("2026-03-31T09:00:00.123456Z"),
            .data = std::string(500, '1'),
            .extensions = ""
        };
        std::string out;
        append_event(out, 18446744073709551615ULL, event);
        CHECK(out.size() <= event_size_hint(event));
    }
}
