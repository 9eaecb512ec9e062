#include "delivery/webhook_sink.hpp"

#include "support/manual_clock.hpp"
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

using namespace macp;
using namespace std::chrono_literals;
using delivery::Attempt;
using delivery::Outcome;
using testing::Peer;
using testing::ScriptedServer;

namespace {

core::EventView const view{
    .seq = 7,
    .source = "/test",
    .type = "task.completed",
    .data = R"({"n":1})",
    .text =
        R"({"specversion":"1.0","id":"e7","seq":7,"source":"/test","type":"task.completed","time":"2026-03-31T09:00:00Z","datacontenttype":"application/json","data":{"n":1}})",
};

/// A sink that posts to `url`, and its loop.
struct Sender {
    explicit Sender(std::string url, double timeout_seconds = 20) {
        delivery::TargetConfig target{.name = "t", .url = std::move(url)};
        target.timeout_seconds = timeout_seconds;
        auto made = delivery::webhook_sinks("epoch", clock, {})(target, loop.get_executor());
        REQUIRE(made.has_value());
        sink = *std::move(made);
    }
    Attempt send(bool replay = false) {
        delivery::Parcel const parcel{.events = std::span{&view, 1}, .replay = replay};
        return testing::run_on(loop, sink->send(parcel));
    }

    testing::ManualClock clock{};
    boost::asio::io_context loop{1};
    std::unique_ptr<delivery::Sink> sink{};
};

Attempt answer_to(std::string const& status, std::string const& body = {}, std::string const& headers = {}) {
    std::vector<ScriptedServer::Script> scripts{[&](Peer& peer) {
        static_cast<void>(peer.read_request());
        peer.answer(status, body, headers);
    }};
    ScriptedServer server{std::move(scripts)};
    return Sender{server.url() + "/hook"}.send();
}

}  // namespace

TEST_SUITE("webhook sink") {
    TEST_CASE("posts event after event on one connection, with id and position") {
        std::vector<std::string> requests;
        std::vector<ScriptedServer::Script> scripts{[&](Peer& peer) {
            for (int i = 0; i < 3; ++i) {
                requests.push_back(peer.read_request());
                peer.answer("thanks");
            }
        }};
        {
            ScriptedServer server{std::move(scripts)};
            Sender sender{server.url() + "/hook"};
            CHECK(sender.send().outcome == Outcome::Delivered);
            CHECK(sender.send(true).outcome == Outcome::Delivered);
            auto const last = sender.send();
            CHECK(last.status == 200);
            CHECK(last.answer == "thanks");
            CHECK(last.took > 0us);
            CHECK(server.connections() == 1);
        }
        REQUIRE(requests.size() == 3);
        CHECK(requests[0].starts_with("POST /hook HTTP/1.1\r\n"));
        CHECK(requests[0].find("webhook-id: epoch_7\r\n") != std::string::npos);
        CHECK(requests[0].find("macp-position: epoch:7\r\n") != std::string::npos);
        CHECK(requests[0].find("macp-replay") == std::string::npos);
        CHECK(requests[1].find("macp-replay: 1\r\n") != std::string::npos);
        CHECK(requests[0].ends_with(view.text));
    }

    TEST_CASE("takes every 2xx for delivered") {
        for (auto const* const status : {"200 OK", "201 Created", "202 Accepted", "204 No Content"})
            CHECK(answer_to(status).outcome == Outcome::Delivered);
    }

    TEST_CASE("comes back after 429, 408 and 5xx, and when nobody answers") {
        for (auto const* const status : {"408 Request Timeout", "500 Internal Server Error", "501 Not Implemented"}) {
            auto const attempt = answer_to(status);
            CHECK(attempt.outcome == Outcome::Retry);
            CHECK_FALSE(attempt.unavailable);
        }
        for (auto const* const status : {"429 Too Many Requests", "502 Bad Gateway", "503 Busy", "504 Too Late"}) {
            auto const attempt = answer_to(status);
            CHECK(attempt.outcome == Outcome::Retry);
            CHECK(attempt.unavailable);
        }
        auto const nobody = Sender{"http://127.0.0.1:" + std::to_string(testing::closed_port())}.send();
        CHECK(nobody.outcome == Outcome::Retry);
        CHECK(nobody.unavailable);
        CHECK(nobody.status == 0);
        CHECK_FALSE(nobody.error.empty());
    }

    TEST_CASE("gives up waiting for an answer after the target's time") {
        std::vector<ScriptedServer::Script> scripts{[](Peer& peer) {
            static_cast<void>(peer.read_request());
            peer.wait_for_close();
        }};
        ScriptedServer server{std::move(scripts)};
        auto const attempt = Sender{server.url(), 0.05}.send();
        CHECK(attempt.outcome == Outcome::Retry);
        CHECK(attempt.unavailable);
    }

    TEST_CASE("does not repeat other 4xx, nor follow redirects") {
        for (auto const* const status : {"400 Bad", "401 Who", "404 Where", "422 What"})
            CHECK(answer_to(status).outcome == Outcome::Refused);
        auto const moved = answer_to("302 Found", {}, "Location: /elsewhere\r\n");
        CHECK(moved.outcome == Outcome::Refused);
        CHECK(moved.error == "the target answered 302, and redirects are not followed");
        CHECK(answer_to("410 Gone").outcome == Outcome::Gone);
    }

    TEST_CASE("honours Retry-After in seconds and as a date") {
        auto const seconds = answer_to("503 Busy", {}, "Retry-After: 20\r\n");
        CHECK(seconds.asks_to_wait);
        CHECK(seconds.retry_after == 20s);
        auto const date = answer_to("429 Slow", {}, "Retry-After: Tue, 31 Mar 2026 09:01:00 GMT\r\n");
        CHECK(date.retry_after == 60s);
        CHECK_FALSE(answer_to("503 Busy", {}, "Retry-After: soon\r\n").asks_to_wait);
    }

    TEST_CASE("keeps the first 4 KiB of a long answer") {
        auto const attempt = answer_to("500 Oops", std::string(300'000, 'x'));
        CHECK(attempt.status == 500);
        CHECK(attempt.answer == std::string(4096, 'x'));
    }
}
