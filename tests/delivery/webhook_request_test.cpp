#include "delivery/webhook_request.hpp"

#include "core/json.hpp"
#include "delivery/base64.hpp"
#include "events/chunk.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

using namespace macp;
using namespace std::chrono_literals;
using core::ErrorCode;
using delivery::Format;
using delivery::RequestMaker;
using delivery::TargetConfig;

namespace {

constexpr core::Time now{1'774'947'600s};
std::string const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

core::NewEvent task_event() {
    return {
        .id = "0193.a b",
        .source = "/orchestrator/events",
        .type = "task.completed",
        .subject = "TASK-\xc3\xa9",
        .time = now,
        .data = R"({"event_type":"task.completed",  "task_id":"TASK-é","n":1.50})",
        .extensions = R"(,"traceparent":"00-ab","count":7,"flag":true)",
    };
}

/// One log of a few events, as readers get it.
struct Log {
    explicit Log(std::vector<core::NewEvent> const& events, core::Seq first = 41) {
        for (auto const& event : events) chunk.append(first++, event);
        for (std::size_t i = 0; i < chunk.size(); ++i) views.push_back(chunk[i]);
    }
    events::Chunk chunk;
    std::vector<core::EventView> views;
};

TargetConfig target_with(Format format) {
    return {.name = "t", .url = "http://127.0.0.1:1/hook?a=1", .format = format};
}

io::HttpRequest make(TargetConfig const& target, Log const& log, core::Time time = now) {
    auto const maker = RequestMaker::make(target, "abc");
    REQUIRE_MESSAGE(maker, maker.error().message);
    auto request = maker->request(log.views, time);
    REQUIRE_MESSAGE(request, request.error().message);
    return *std::move(request);
}

std::string header(io::HttpRequest const& request, std::string_view name) {
    auto const found = std::ranges::find(request.headers, name, &io::Headers::value_type::first);
    return found == request.headers.end() ? "(none)" : found->second;
}

}  // namespace

TEST_SUITE_BEGIN("delivery: webhook requests");

TEST_CASE("posts a structured CloudEvent byte for byte") {
    Log const log{{task_event()}};
    auto const request = make(target_with(Format::CloudEvents), log);
    CHECK(request.method == "POST");
    CHECK(request.url == "http://127.0.0.1:1/hook?a=1");
    CHECK(request.repeatable);
    CHECK(request.body == log.views[0].text);
    CHECK(header(request, "Content-Type") == "application/cloudevents+json");
    CHECK(header(request, "ce-specversion") == "(none)");
}

TEST_CASE("posts a binary CloudEvent: attributes in the header, data as the body") {
    Log const log{{task_event()}};
    auto const request = make(target_with(Format::Binary), log);
    CHECK(request.body == task_event().data);
    CHECK(header(request, "Content-Type") == "application/json");
    CHECK(header(request, "ce-specversion") == "1.0");
    CHECK(header(request, "ce-id") == "0193.a%20b");
    CHECK(header(request, "ce-source") == "/orchestrator/events");
    CHECK(header(request, "ce-type") == "task.completed");
    CHECK(header(request, "ce-subject") == "TASK-%C3%A9");
    CHECK(header(request, "ce-time") == "2026-03-31T09:00:00Z");
    CHECK(header(request, "ce-seq") == "41");
    CHECK(header(request, "ce-traceparent") == "00-ab");
    CHECK(header(request, "ce-count") == "7");
    CHECK(header(request, "ce-flag") == "true");
    CHECK(header(request, "ce-data") == "(none)");
    CHECK(header(request, "ce-datacontenttype") == "(none)");
    CHECK(io::check_headers(request.headers));
}

TEST_CASE("posts an event's own JSON when it is to be raw") {
    Log const log{{task_event()}};
    auto const request = make(target_with(Format::Raw), log);
    CHECK(request.body == task_event().data);
    CHECK(header(request, "Content-Type") == "application/json");
    CHECK(header(request, "ce-id") == "(none)");
    CHECK(header(request, "macp-event-id") == "0193.a%20b");
    CHECK(header(request, "macp-event-type") == "task.completed");
}

TEST_CASE("posts a batch as an array, in order") {
    auto second = task_event();
    second.id = "2";
    Log const log{{task_event(), second, task_event()}};
    auto const request = make(target_with(Format::Batch), log);
    CHECK(header(request, "Content-Type") == "application/cloudevents-batch+json");
    auto const body = core::parse_json(request.body);
    REQUIRE(body);
    REQUIRE(body->size() == 3);
    CHECK((*body)[1]["id"] == "2");
    CHECK((*body)[2]["seq"] == 43);
    CHECK(header(request, "macp-count") == "3");
    CHECK(header(request, "macp-position") == "abc:43");
    CHECK(header(request, "webhook-id") == "abc_41_43");
}

TEST_CASE("carries data that is not JSON as the bytes it stands for") {
    std::string const bytes{"\x00\x01%PDF", 6};
    auto event = task_event();
    event.data.clear();
    event.extensions = R"(,"datacontenttype":"application/pdf","data_base64":")" + delivery::to_base64(bytes) + '"';
    auto format = Format::Binary;
    SUBCASE("binary") {}
    SUBCASE("raw") {
        format = Format::Raw;
    }
    auto const request = make(target_with(format), Log{{event}});
    CHECK(request.body == bytes);
    CHECK(header(request, "Content-Type") == "application/pdf");
    CHECK(header(request, "ce-data_base64") == "(none)");
}

TEST_CASE("calls data of no stated type a stream of bytes") {
    auto event = task_event();
    event.data.clear();
    event.extensions = R"(,"data_base64":"AAE=")";
    CHECK(header(make(target_with(Format::Binary), Log{{event}}), "Content-Type") == "application/octet-stream");
}

TEST_CASE("has something to say about an event without data") {
    auto event = task_event();
    event.data.clear();
    Log const log{{event}};
    auto const binary = make(target_with(Format::Binary), log);
    CHECK(binary.body.empty());
    CHECK(header(binary, "Content-Type") == "(none)");
    auto const raw = make(target_with(Format::Raw), log);
    CHECK(raw.body == "{}");
    CHECK(header(raw, "Content-Type") == "application/json");
}

TEST_CASE("names position and event in every format, equal over all tries, and signs each try") {
    auto format = Format::CloudEvents;
    std::string id = "abc_41";
    SUBCASE("cloudevents") {}
    SUBCASE("binary") {
        format = Format::Binary;
    }
    SUBCASE("raw") {
        format = Format::Raw;
    }
    SUBCASE("batch") {
        format = Format::Batch;
        id = "abc_41_41";
    }
    auto target = target_with(format);
    target.secrets = {secret};
    Log const log{{task_event()}};
    auto const first = make(target, log);
    auto const later = make(target, log, now + 5s);
    for (auto const* request : {&first, &later}) {
        CHECK(header(*request, "webhook-id") == id);
        CHECK(header(*request, "macp-seq") == "41");
        CHECK(header(*request, "macp-position") == "abc:41");
    }
    CHECK(header(first, "webhook-timestamp") == "1774947600");
    CHECK(header(later, "webhook-timestamp") == "1774947605");
    auto const verifier = delivery::WebhookVerifier::make(target.secrets);
    delivery::WebhookHeaders const headers{
        .id = id, .timestamp = "1774947605", .signature = header(later, "webhook-signature")
    };
    CHECK(verifier->verify(headers, later.body, now));
    CHECK(header(make(target_with(format), log), "webhook-signature") == "(none)");
}

TEST_CASE("names an event outside the log by its id, and gives it no position") {
    Log const log{{task_event()}, 0};
    auto const request = make(target_with(Format::CloudEvents), log);
    CHECK(header(request, "webhook-id") == "abc_0193_a_b");
    CHECK(header(request, "macp-seq") == "(none)");
    CHECK(header(request, "macp-position") == "(none)");
}

TEST_CASE("adds the target's headers, its token and its time-out") {
    auto target = target_with(Format::Raw);
    target.headers = {{"X-Team", "ops"}};
    target.auth_token = "tok";
    target.timeout_seconds = 2.5;
    auto const request = make(target, Log{{task_event()}});
    CHECK(header(request, "X-Team") == "ops");
    CHECK(header(request, "Authorization") == "Bearer tok");
    REQUIRE(request.timeouts);
    CHECK(request.timeouts->total == 2500ms);
    CHECK(request.timeouts->connect == 2500ms);
    std::set<std::string> names;
    for (auto const& [name, value] : request.headers) names.insert(name);
    CHECK(names.size() == request.headers.size());
}

TEST_CASE("refuses a target that is none, and an event that is none") {
    auto target = target_with(Format::Raw);
    target.headers = {{"Host", "elsewhere"}};
    CHECK(RequestMaker::make(target, "abc").error().field == "/headers/Host");
    auto const maker = RequestMaker::make(target_with(Format::Raw), "abc");
    REQUIRE(maker);
    core::EventView const broken{.seq = 7, .type = "t", .text = R"({"id":)"};
    auto const request = maker->request({&broken, 1}, now);
    REQUIRE_FALSE(request);
    CHECK(request.error().code == ErrorCode::Corrupt);
}

TEST_CASE("encodes header values as the CloudEvents binding says") {
    CHECK(delivery::encode_header_value("Euro \xe2\x82\xac \xf0\x9f\x98\x80") == "Euro%20%E2%82%AC%20%F0%9F%98%80");
    CHECK(delivery::encode_header_value("a\"b%c\r\n\x7f~!") == "a%22b%25c%0D%0A%7F~!");
}

TEST_SUITE_END();
