#include "ingest/event_body.hpp"

#include "core/json.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <string>

using namespace macp;

namespace {

core::Time const received = *core::parse_time("2026-03-31T09:00:00Z");
ingest::EventDefaults const defaults{.source = "/api/events", .received = received};

core::Result<core::NewEvent> parse(std::string_view text) {
    return ingest::event_from_json(text, defaults);
}

std::string field_of(std::string_view text) {
    auto const event = parse(text);
    return event ? "none" : event.error().field;
}

std::string with(std::string_view members) {
    return R"({"specversion":"1.0","id":"1","source":"/s","type":"t")" + std::string{members} + "}";
}

}  // namespace

TEST_SUITE("event body") {
    TEST_CASE("takes 128 levels of JSON and no more, whatever came before") {
        auto const nested = [](std::size_t levels) {
            return R"({"type":"x","a":)" + std::string(levels - 1, '[') + '1' + std::string(levels - 1, ']') + '}';
        };
        CHECK(parse(nested(128)));
        auto const refused = parse(nested(129));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == core::ErrorCode::BadJson);
        CHECK(refused.error().message == "JSON nests deeper than 128 levels");
        CHECK_FALSE(ingest::event_from_line(nested(129), defaults));
        ingest::LineParser parser;
        auto const after_large = [&parser](std::string text) {
            auto const size = text.size();
            text.append(256, ' ');
            return parser.parse(std::string_view{text}.substr(0, size), defaults).has_value();
        };
        CHECK(after_large(R"({"type":"x","a":")" + std::string(2U << 20U, 'a') + "\"}"));
        CHECK_FALSE(after_large(nested(129)));
        CHECK(after_large(nested(128)));
    }

    TEST_CASE("makes the whole body the data, minified, when there is no payload") {
        auto const event = parse("{ \"type\" : \"x\",\n \"n\": 1.50, \"s\": \"a  b\" }");
        REQUIRE(event);
        CHECK(event->data == R"({"type":"x","n":1.50,"s":"a  b"})");
        CHECK(event->source == "/api/events");
        CHECK(parse(R"({"type":"x","payload":null})")->data == R"({"type":"x","payload":null})");
    }

    TEST_CASE("makes payload, else data, the data, and wraps what is no object") {
        CHECK(
            parse(R"({"type":"x","data":{"d":1},"payload":{ "p":[1, {"q":"}"}] }})")->data == R"({"p":[1,{"q":"}"}]})"
        );
        CHECK(
            parse(R"({"type":"x","data":{"n":123456789012345678901234}})")->data == R"({"n":123456789012345678901234})"
        );
        CHECK(parse(R"({"type":"x","payload":null,"data":7})")->data == R"({"value":7})");
        CHECK(parse(R"({"type":"x","payload":"a\"b,"})")->data == R"({"value":"a\"b,"})");
        CHECK(parse(R"({"type":"x","payload":[1,2]})")->data == R"({"value":[1,2]})");
    }

    TEST_CASE("finds subject, id and time in the payload too") {
        auto const event = parse(
            R"({"type":"x","payload":{"task_id":"T","event_id":"e","id":"no","timestamp":"2026-01-01T00:00:00Z"}})"
        );
        REQUIRE(event);
        CHECK(event->subject == "T");
        CHECK(event->id == "e");
        CHECK(core::format_time(event->time) == "2026-01-01T00:00:00Z");
        CHECK(parse(R"({"type":"x","payload":{"id":"no"}})")->id != "no");
    }

    TEST_CASE("names the field at fault") {
        CHECK(field_of("{}") == "/type");
        CHECK(parse("{").error().code == core::ErrorCode::BadJson);
        CHECK(parse("7").error().code == core::ErrorCode::InvalidField);
        CHECK(field_of(R"({"specversion":"0.3","id":"1","source":"/s","type":"t"})") == "/specversion");
        CHECK(field_of(R"({"specversion":"1.0","source":"/s","type":"t"})") == "/id");
        CHECK(field_of(R"({"specversion":"1.0","id":"1","type":"t"})") == "/source");
        CHECK(field_of(R"({"specversion":"1.0","id":"1","source":"/s"})") == "/type");
        CHECK(field_of(R"({"specversion":"1.0","id":7,"source":"/s","type":"t"})") == "/id");
        CHECK(field_of(with(R"(,"time":"noon")")) == "/time");
        CHECK(field_of(with(R"(,"data":1,"data_base64":"AA==")")) == "/data_base64");
        CHECK(field_of(with(R"(,"Bad-Name":"x")")) == "/Bad-Name");
        CHECK(field_of(with(R"(,"ext":{"a":1})")) == "/ext");
    }

    TEST_CASE("takes a CloudEvent over with its own source, data and extensions") {
        auto const event = parse(with(
            R"(,"subject":"S","time":"2026-01-01T00:00:00Z","data":[1, "a b"],"traceparent":"00-x","n":3,"ok":true,"seq":99,"gone":null)"
        ));
        REQUIRE(event);
        CHECK(event->source == "/s");
        CHECK(event->id == "1");
        CHECK(event->subject == "S");
        CHECK(event->data == R"([1,"a b"])");
        CHECK(event->extensions == R"(,"traceparent":"00-x","n":3,"ok":true)");
        std::string text;
        core::append_event(text, 5, *event);
        auto const json = nlohmann::json::parse(text);
        CHECK(json["seq"] == 5);
        CHECK(json["traceparent"] == "00-x");
    }

    TEST_CASE("keeps binary data of a CloudEvent as it is") {
        auto const event = parse(with(R"(,"datacontenttype":"image/png","data_base64":"iVBO")"));
        REQUIRE(event);
        CHECK(event->data.empty());
        std::string text;
        core::append_event(text, 5, *event);
        auto const json = nlohmann::json::parse(text);
        CHECK(json["data_base64"] == "iVBO");
        CHECK(json["datacontenttype"] == "image/png");
    }

    TEST_CASE("reads arrays and lines, naming the element at fault") {
        auto const some = ingest::events_from_json(R"([{"type":"a"}, {"type":"b","payload":{"x":"],{"}}])", defaults);
        REQUIRE(some);
        REQUIRE(some->size() == 2);
        CHECK((*some)[1].data == R"({"x":"],{"})");
        CHECK(ingest::events_from_json(" [] ", defaults)->empty());
        CHECK(ingest::events_from_json(R"([{"type":"a"},{}])", defaults).error().field == "/1/type");
        CHECK(ingest::events_from_json(R"([{"type":"a"},7])", defaults).error().field == "/1");
        CHECK(
            ingest::events_from_json(R"([{"type":"a"},{"type":"a"}])", defaults, 1).error().code ==
            core::ErrorCode::TooLarge
        );
        CHECK(ingest::events_from_ndjson("{\"type\":\"a\"}\r\n\n{\"type\":\"b\"}", defaults)->size() == 2);
        CHECK(ingest::events_from_ndjson("{\"type\":\"a\"}\n\n{}\n", defaults).error().field == "/2/type");
    }
}
