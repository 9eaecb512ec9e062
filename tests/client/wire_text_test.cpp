#include "client/wire_text.hpp"

#include <doctest/doctest.h>

using namespace macp;
using core::ErrorCode;

namespace {

constexpr std::string_view event_text =
    R"({"specversion":"1.0","id":"i\u00e9","seq":42,"source":"/s","type":"task.done","subject":"T-1",)"
    R"("time":"2026-03-31T09:00:00Z","datacontenttype":"application/json","data":{"a": [1, 2.50],"b":"\"}"}})";

}  // namespace

TEST_SUITE_BEGIN("client: wire text");

TEST_CASE("reads an event, and keeps its text and data as they were sent") {
    auto const event = client::parse_event(event_text);
    REQUIRE(event);
    CHECK(event->seq == 42);
    CHECK(event->id == "i\xc3\xa9");
    CHECK(event->source == "/s");
    CHECK(event->type == "task.done");
    CHECK(event->subject == "T-1");
    CHECK(core::format_time(event->time) == "2026-03-31T09:00:00Z");
    CHECK(event->text == event_text);
    CHECK(event->data() == R"({"a": [1, 2.50],"b":"\"}"})");
}

TEST_CASE("gives any kind of data, and none") {
    for (std::string const data : {"null", "true", "-1.50", R"("x y")", "[]", "[ 1 ]", "{}"}) {
        CAPTURE(data);
        auto const event = client::parse_event(R"({"seq":1,"type":"t","data":)" + data + " }");
        REQUIRE(event);
        CHECK(event->data() == data);
    }
    CHECK(client::parse_event(R"({"seq":1,"type":"t"})")->data().empty());
}

TEST_CASE("refuses what is no event") {
    for (auto const* text :
         {"", "{", "[]", "7", R"({"seq":1})", R"({"type":"t"})", R"({"seq":-1,"type":"t"})",
          R"({"seq":"1","type":"t"})", R"({"seq":1,"type":"t","data":})"}) {
        CAPTURE(text);
        CHECK_FALSE(client::parse_event(text));
    }
}

TEST_CASE("reads each message of a frame") {
    std::string frame = R"({"op":"hello","epoch":"e","seq":9,"version":"1","heartbeat_seconds":5})";
    frame += "\n{\"op\":\"event\",\"event\":" + std::string{event_text} + "}\n";
    frame += R"({"op":"gap","from":1,"to":3,"why":"retention"})";
    frame +=
        "\n\n"
        R"({"op":"ack","id":"1"})"
        "\n";
    frame += R"({"error":"no","id":"1","op":"error"})"
             "\n";
    frame += R"({"op":"telemetry","data":{"cpu": 0.5}})"
             "\n";
    frame += R"({"op":"log","lines":["x"]})";
    auto const messages = client::parse_messages(frame);
    REQUIRE(messages);
    REQUIRE(messages->size() == 7);
    auto const& hello = std::get<client::Hello>(messages->at(0));
    CHECK(hello.epoch == "e");
    CHECK(hello.seq == 9);
    CHECK(hello.version == "1");
    CHECK(hello.heartbeat_seconds == 5);
    CHECK(std::get<client::Event>(messages->at(1)).text == event_text);
    CHECK(std::get<core::Gap>(messages->at(2)) == core::Gap{.from = 1, .to = 3, .why = "retention"});
    CHECK(std::holds_alternative<client::Ack>(messages->at(3)));
    CHECK(std::get<client::Refusal>(messages->at(4)).error == "no");
    CHECK(std::get<client::Telemetry>(messages->at(5)).data == R"({"cpu": 0.5})");
    CHECK(std::get<client::OtherMessage>(messages->at(6)).text == R"({"op":"log","lines":["x"]})");
}

TEST_CASE("refuses a frame that it cannot read") {
    for (auto const* frame :
         {"x", "{}", R"({"op":7})", R"({"op":"event"})", R"({"op":"event","event":{"seq":1}})",
          "{\"op\":\"ack\"}\n{\"op\""}) {
        CAPTURE(frame);
        CHECK_FALSE(client::parse_messages(frame));
    }
}

TEST_CASE("reads a page") {
    auto const page = client::parse_page(
        R"({"items":[)" + std::string{event_text} +
        R"(],"next_cursor":"e:42","position":"e:42","gap":{"from":1,"to":2,"why":"retention"}})"
    );
    REQUIRE(page);
    REQUIRE(page->items.size() == 1);
    CHECK(page->items[0].text == event_text);
    CHECK(page->next_cursor == "e:42");
    CHECK(page->position == "e:42");
    CHECK(page->gap == core::Gap{.from = 1, .to = 2, .why = "retention"});
    auto const last = client::parse_page(R"({"items":[],"next_cursor":null,"position":"e:42"})");
    REQUIRE(last);
    CHECK(last->next_cursor.empty());
    CHECK_FALSE(last->gap);
}

TEST_CASE("refuses a page with an item that is no event") {
    CHECK_FALSE(client::parse_page(R"({"items":[{"seq":1}]})"));
    CHECK_FALSE(client::parse_page(R"({"items":[1]})"));
    CHECK_FALSE(client::parse_page(R"({"items":)"));
}

TEST_SUITE_END();
