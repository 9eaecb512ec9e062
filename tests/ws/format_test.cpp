#include "ws/format.hpp"

#include "events/chunk.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace macp;
using ws::Format;
using Json = nlohmann::json;

namespace {

/// The payload of one short or medium frame.
std::string payload(std::string const& frame) {
    auto const length = static_cast<unsigned char>(frame[1]);
    return frame.substr(length < 126 ? 2 : 4);
}

}  // namespace

TEST_SUITE("formats") {
    TEST_CASE("wraps an event as each sub-protocol has it") {
        events::Chunk chunk;
        chunk.append(42, {.id = "i", .source = "/s", .type = "task.done", .data = R"({"a":1})"});
        auto const sent = [&](Format format) {
            std::string out;
            ws::append_event(out, format, chunk[0], "e1");
            CHECK(out.size() <= ws::event_bytes(format, chunk[0], "e1"));
            return out;
        };
        auto const text = std::string{chunk[0].text};
        CHECK(Json::parse(payload(sent(Format::Macp))) == Json{{"op", "event"}, {"event", Json::parse(text)}});
        CHECK(sent(Format::Ndjson) == R"({"op":"event","event":)" + text + "}\n");
        CHECK(payload(sent(Format::CloudEvents)) == text);
        CHECK(sent(Format::Sse) == "id: e1:42\ndata: " + text + "\n\n");
    }

    TEST_CASE("says the same things in every sub-protocol") {
        ws::Messages const macp{.format = Format::Macp, .epoch = "e1"};
        auto const hello = Json::parse(payload(macp.hello(7, 25)));
        CHECK(hello["op"] == "hello");
        CHECK(hello["epoch"] == "e1");
        CHECK(hello["seq"] == 7);
        CHECK(hello["heartbeat_seconds"] == 25);
        CHECK(Json::parse(payload(macp.ack(R"("x")"))) == Json{{"op", "ack"}, {"id", "x"}});
        CHECK(Json::parse(payload(macp.ack(""))) == Json{{"op", "ack"}});
        CHECK(
            Json::parse(payload(macp.gap({1, 9, "retention"}))) ==
            Json{{"op", "gap"}, {"from", 1}, {"to", 9}, {"why", "retention"}}
        );

        ws::Messages const ndjson{.format = Format::Ndjson, .epoch = "e1"};
        CHECK(payload(ndjson.pong("")).back() == '\n');

        ws::Messages const cloud{.format = Format::CloudEvents, .epoch = "e1"};
        auto const event = Json::parse(payload(cloud.hello(7, 25)));
        CHECK(event["type"] == "macp.hello");
        CHECK(event["source"] == "/gateway");
        CHECK(event["data"]["epoch"] == "e1");
        CHECK_FALSE(event.contains("seq"));

        ws::Messages const sse{.format = Format::Sse, .epoch = "e1"};
        CHECK(sse.gap({1, 9, "epoch"}) == "event: gap\ndata: {\"from\":1,\"to\":9,\"why\":\"epoch\"}\n\n");
        CHECK(sse.heartbeat() == ": ping\n\n");
    }
}
