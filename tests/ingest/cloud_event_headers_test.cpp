#include "ingest/cloud_event_headers.hpp"

#include "core/json.hpp"
#include "ingest/base64.hpp"
#include "ingest/event_body.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <string>

using namespace macp;
using ingest::HeaderMap;

namespace {

core::Time const received = *core::parse_time("2026-03-31T09:00:00Z");
ingest::EventDefaults const defaults{.source = "/api/events", .received = received};

HeaderMap with(HeaderMap more) {
    HeaderMap headers{{"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-source", "/s"}, {"ce-type", "t"}};
    more.merge(headers);
    return more;
}

core::Result<core::NewEvent> parse(HeaderMap const& headers, std::string_view body) {
    return ingest::event_from_binary(headers, body, defaults);
}

std::string field_of(HeaderMap const& headers, std::string_view body = "") {
    auto const event = parse(headers, body);
    return event ? "none" : event.error().field;
}

nlohmann::json stored(core::NewEvent const& event) {
    std::string text;
    core::append_event(text, 5, event);
    return nlohmann::json::parse(text);
}

}  // namespace

TEST_SUITE("cloud event headers") {
    TEST_CASE("makes an event of the headers, with the body as its data") {
        auto const event = parse(
            with(
                {{"ce-subject", "S"},
                 {"ce-time", "2026-01-01T00:00:00Z"},
                 {"ce-traceparent", "00-x"},
                 {"host", "h"},
                 {"content-type", "application/json; charset=utf-8"}}
            ),
            "{ \"n\": 1.50 }"
        );
        REQUIRE(event);
        CHECK(event->id == "1");
        CHECK(event->source == "/s");
        CHECK(event->type == "t");
        CHECK(event->subject == "S");
        CHECK(core::format_time(event->time) == "2026-01-01T00:00:00Z");
        CHECK(event->data == R"({"n":1.50})");
        CHECK(stored(*event)["traceparent"] == "00-x");
        CHECK_FALSE(stored(*event).contains("host"));
    }

    TEST_CASE("takes a body without a type for JSON, and no body for no data") {
        CHECK(parse(with({}), "[1]")->data == "[1]");
        CHECK(parse(with({}), "")->data.empty());
        CHECK(parse(with({{"content-type", "application/problem+JSON"}}), "7")->data == "7");
        CHECK(parse(with({}), "{").error().code == core::ErrorCode::BadJson);
        CHECK(parse(with({}), R"(1,"id":"2")").error().code == core::ErrorCode::BadJson);
    }

    TEST_CASE("keeps a body of any other type as base64") {
        auto const event = parse(with({{"content-type", "image/png"}}), std::string{"\x89PNG\0", 5});
        REQUIRE(event);
        CHECK(event->data.empty());
        CHECK(stored(*event)["data_base64"] == "iVBORwA=");
        CHECK(stored(*event)["datacontenttype"] == "image/png");
        CHECK(ingest::base64("").empty());
        CHECK(ingest::base64("f") == "Zg==");
        CHECK(ingest::base64("fo") == "Zm8=");
        CHECK(ingest::base64("foo") == "Zm9v");
    }

    TEST_CASE("decodes percent signs and quoted strings") {
        auto const subject = [](std::string text) {
            return parse(with({{"ce-subject", std::move(text)}}), "")->subject;
        };
        CHECK(subject("Euro%20%E2%82%AC") == "Euro \xE2\x82\xAC");
        CHECK(subject(R"("a \"b\" %25")") == "a \"b\" %");
        CHECK(subject("100%") == "100%");
        CHECK(subject("%zz%4") == "%zz%4");
        CHECK(field_of(with({{"ce-subject", "%C0%A0"}})) == "ce-subject");
    }

    TEST_CASE("names the header at fault") {
        CHECK(ingest::is_binary_cloud_event(with({})));
        CHECK_FALSE(ingest::is_binary_cloud_event({{"ce-id", "1"}}));
        CHECK(field_of({{"ce-id", "1"}}) == "ce-specversion");
        CHECK(
            field_of({{"ce-specversion", "0.3"}, {"ce-id", "1"}, {"ce-source", "/s"}, {"ce-type", "t"}}) ==
            "ce-specversion"
        );
        CHECK(field_of({{"ce-specversion", "1.0"}, {"ce-source", "/s"}, {"ce-type", "t"}}) == "ce-id");
        CHECK(field_of({{"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-type", "t"}}) == "ce-source");
        CHECK(field_of({{"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-source", "/s"}}) == "ce-type");
        CHECK(field_of(with({{"ce-time", "noon"}})) == "ce-time");
        CHECK(field_of(with({{"ce-bad_name", "x"}})) == "ce-bad_name");
        CHECK(field_of(with({{"ce-", "x"}})) == "ce-");
        CHECK(field_of(with({{"ce-data", "x"}})) == "ce-data");
        CHECK(field_of(with({{"ce-datacontenttype", "x"}})) == "ce-datacontenttype");
    }

    TEST_CASE("takes structured and batched bodies of CloudEvents only") {
        using ingest::CloudEventsMode;
        std::string const one = R"({"specversion":"1.0","id":"1","source":"/s","type":"t"})";
        auto const read = [](std::string const& text, CloudEventsMode mode) {
            return ingest::cloud_events_from_json(text, mode, defaults);
        };
        CHECK(read(one, CloudEventsMode::Structured)->size() == 1);
        CHECK(read("[" + one + "," + one + "]", CloudEventsMode::Batch)->size() == 2);
        CHECK(read("[]", CloudEventsMode::Batch)->empty());
        CHECK(read(one, CloudEventsMode::Batch).error().code == core::ErrorCode::InvalidField);
        CHECK(read("[" + one + "]", CloudEventsMode::Structured).error().code == core::ErrorCode::InvalidField);
        CHECK(read(R"({"type":"t"})", CloudEventsMode::Structured).error().field == "/specversion");
        CHECK(read("[" + one + R"(,{"type":"t"}])", CloudEventsMode::Batch).error().field == "/1/specversion");
    }
}
