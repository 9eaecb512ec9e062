#include "server/gateway.hpp"

#include "ingest/spool_file.hpp"
#include "server/running_gateway.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using namespace macp;
using namespace std::chrono_literals;
using testing::RunningGateway;
using Json = nlohmann::json;

namespace {

constexpr auto guard = 20s;

/// The next `count` events of `type` that a subscription hands over.
std::vector<client::Event> take(client::Subscription& subscription, std::size_t count, std::string const& type) {
    std::vector<client::Event> taken;
    while (taken.size() < count) {
        auto event = subscription.next(guard);
        REQUIRE_MESSAGE(event, (event ? "" : event.error().message));
        REQUIRE_MESSAGE(event->has_value(), "no event came in time");
        if ((*event)->type == type) taken.push_back(**std::move(event));
    }
    return taken;
}

client::Receipt emit(client::Client& client, std::string type, int n) {
    auto const receipt = client.emit({{"type", std::move(type)}, {"n", n}});
    REQUIRE_MESSAGE(receipt, (receipt ? "" : receipt.error().message));
    return *receipt;
}

}  // namespace

TEST_SUITE("gateway") {
    TEST_CASE("passes lines of the watched file on to a subscriber, in order") {
        RunningGateway gateway;
        client::Subscription subscription{gateway.subscription("start")};
        for (int n = 0; n < 50; ++n) gateway.append_line(R"({"event_type":"task.done","n":)" + std::to_string(n) + "}");
        auto const events = take(subscription, 50, "task.done");
        for (int n = 0; n < 50; ++n) CHECK(Json::parse(events[static_cast<std::size_t>(n)].data())["n"] == n);
    }

    TEST_CASE("answers a post once it is durable, at a place from which every door reads on") {
        RunningGateway gateway;
        auto client = gateway.client();
        auto const receipt = emit(client, "a", 1);
        CHECK(receipt.accepted == 1);
        auto const event = client.event(receipt.first_seq);
        REQUIRE(event);
        CHECK(event->type == "a");
        emit(client, "b", 2);
        auto const page = client.events({.since = std::to_string(receipt.last_seq)});
        REQUIRE(page);
        REQUIRE(page->items.size() == 1);
        client::Subscription subscription{gateway.subscription(std::to_string(receipt.last_seq))};
        CHECK(take(subscription, 1, "b")[0].seq == page->items[0].seq);
    }

    TEST_CASE("goes on in the same log after a restart: no event lost, none renumbered, positions still good") {
        RunningGateway gateway;
        auto const before = [&] {
            auto client = gateway.client();
            return emit(client, "a", 1);
        }();
        auto const epoch = (*gateway).log().epoch();
        gateway.stop();
        gateway.start();
        CHECK((*gateway).log().epoch() == epoch);
        auto client = gateway.client();
        CHECK(emit(client, "b", 2).first_seq > before.last_seq);
        auto const event = client.event(before.first_seq);
        REQUIRE(event);
        CHECK(event->type == "a");
    }

    TEST_CASE("stops with subscribers connected: they are told, and none holds it up") {
        RunningGateway gateway;
        std::vector<std::unique_ptr<client::Subscription>> subscriptions;
        for (int i = 0; i < 5; ++i) {
            subscriptions.push_back(std::make_unique<client::Subscription>(gateway.subscription("start")));
            take(*subscriptions.back(), 1, "gateway.started");
        }
        std::jthread reading{[&] { static_cast<void>(subscriptions.front()->next(guard)); }};
        gateway.stop();
        for (auto& subscription : subscriptions) subscription->stop();
    }

    TEST_CASE("stops in the middle of commits that nobody waits for") {
        RunningGateway gateway;
        std::atomic<bool> done{false};
        std::vector<std::jthread> senders;
        for (int i = 0; i < 4; ++i) {
            senders.emplace_back([&done, url = gateway.url()] {
                Json const refused{{"no", "type"}, {"text", std::string(50'000, 'x')}};
                while (!done) {
                    client::Client client{client::ClientOptions{.url = url, .retry = {.tries = 1}}};
                    for (bool up = true; up && !done;) {
                        auto const answer = client.emit(refused);
                        up = answer || answer.error().code == core::ErrorCode::InvalidField;
                    }
                }
            });
        }
        for (int i = 0; i < 20'000 && (*gateway).log().stats().appended < 50; ++i) std::this_thread::sleep_for(1ms);
        CHECK((*gateway).log().stats().appended >= 50);
        gateway.stop();
        done = true;
    }

    TEST_CASE("does not start on a wide address without a token, and says what to do") {
        testing::TempDir dir;
        core::LoadedConfig loaded;
        loaded.config.root = dir.path();
        loaded.config.listen = "0.0.0.0:0";
        auto const started = server::Gateway::start(std::move(loaded));
        REQUIRE_FALSE(started);
        CHECK(started.error().message.find("token") != std::string::npos);
    }

    TEST_CASE("does not start twice on one log") {
        RunningGateway gateway;
        core::LoadedConfig loaded;
        loaded.config.root = gateway.root();
        loaded.config.listen = "127.0.0.1:0";
        auto const second = server::Gateway::start(std::move(loaded));
        REQUIRE_FALSE(second);
        CHECK(second.error().code == core::ErrorCode::Conflict);
    }

    TEST_CASE("serves only WebSocket on the second listener") {
        RunningGateway gateway{[](core::Config& config) { config.ws.listen = "127.0.0.1:0"; }};
        client::Client other{client::ClientOptions{.url = "http://" + (*gateway).ws_address(), .retry = {.tries = 1}}};
        auto const refused = other.status();
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == core::ErrorCode::NotFound);
        client::SubscriptionOptions options{.url = "http://" + (*gateway).ws_address(), .since = "start"};
        client::Subscription subscription{options};
        take(subscription, 1, "gateway.started");
    }

    TEST_CASE("says it is ready, part by part, with the age of what each last did") {
        RunningGateway gateway;
        auto client = gateway.client();
        auto const ready = client.ready();
        REQUIRE(ready);
        CHECK((*ready)["status"] == "ready");
        std::vector<std::string> names;
        for (auto const& part : (*ready)["parts"]) names.push_back(part["name"]);
        CHECK(names == std::vector<std::string>{"log", "watcher", "shard-0", "shard-1"});
    }

    TEST_CASE("sends telemetry at the interval asked for, and tells of its loops, threads and subscribers") {
        RunningGateway gateway;
        auto options = gateway.subscription("now");
        options.channels = {"events", "telemetry"};
        options.telemetry_interval = 100ms;
        client::Subscription* running = nullptr;
        std::vector<Json> documents;
        client::SubscriptionHandlers handlers;
        handlers.on_telemetry = [&](std::string_view data) {
            documents.push_back(Json::parse(data));
            if (documents.size() == 3) running->stop();
        };
        client::Subscription subscription{options, handlers};
        running = &subscription;
        REQUIRE(subscription.run());
        CHECK(documents.back()["loops"].size() == 2);
        CHECK(documents.back()["threads"].size() >= 5);
        CHECK(documents.back()["subscribers"]["count"] == 1);
    }

    TEST_CASE("counts what it does") {
        RunningGateway gateway;
        auto client = gateway.client();
        emit(client, "a", 1);
        auto const metrics = client.metrics();
        REQUIRE(metrics);
        CHECK(metrics->find("macp_log_events_total 2") != std::string::npos);
        CHECK(metrics->find("macp_http_requests_total{code=\"2xx\"}") != std::string::npos);
    }

    TEST_CASE("answers a repeated idempotency key as it did the first time, also after a restart") {
        RunningGateway gateway;
        Json const event{{"type", "a"}};
        auto const post = [&](Json const& body) {
            auto client = gateway.client();
            return client.emit(body, "key-1");
        };
        auto const first = post(event);
        REQUIRE(first);
        auto const again = post(event);
        REQUIRE(again);
        CHECK(again->first_seq == first->first_seq);
        gateway.stop();
        gateway.start();
        auto const later = post(event);
        REQUIRE(later);
        CHECK(later->first_seq == first->first_seq);
        auto const other = post({{"type", "b"}});
        REQUIRE_FALSE(other);
        CHECK(other.error().code == core::ErrorCode::InvalidField);
        CHECK(other.error().field == "Idempotency-Key");
    }

    TEST_CASE("counts refused lines and bodies together, and apart by door") {
        RunningGateway gateway;
        auto client = gateway.client();
        client::Subscription subscription{gateway.subscription("start")};
        REQUIRE_FALSE(client.emit({{"no", "type"}}));
        gateway.append_line("not json");
        gateway.append_line("{}");
        take(subscription, 3, "ingest.rejected");
        auto const status = client.status();
        REQUIRE(status);
        CHECK((*status)["counts"]["rejects"] == 3);
        auto const metrics = client.metrics();
        REQUIRE(metrics);
        CHECK(metrics->find("macp_rejects_total{door=\"POST /api/events\"} 1") != std::string::npos);
        CHECK(metrics->find("macp_rejects_total{door=\"watch\"} 2") != std::string::npos);
    }

    TEST_CASE("takes up the spool at the start and at each poll, and counts what it took") {
        RunningGateway gateway;
        gateway.stop();
        auto const folder = gateway.root() / ingest::spool_place;
        ingest::SpooledBody body{
            .door = "POST /api/omx/hook",
            .content_type = "application/json",
            .text = R"({"event_id":"h-1","event":"stop"})",
            .received = core::SystemClock{}.now(),
        };
        REQUIRE(ingest::write_spooled(folder, body));
        gateway.start();
        auto client = gateway.client();
        client::Subscription subscription{gateway.subscription("start")};
        CHECK(take(subscription, 1, "omx.stop").front().id == "h-1");
        body.text = R"({"event_id":"h-2","event":"stop"})";
        REQUIRE(ingest::write_spooled(folder, body));
        CHECK(take(subscription, 1, "omx.stop").front().id == "h-2");
        // An event is told of before its file is gone, and that before it is counted.
        auto const end = std::chrono::steady_clock::now() + guard;
        auto const taken = [&] { return (*client.status())["spool"]["taken"] == 2; };
        while (!taken() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(5ms);
        CHECK(taken());
        CHECK(ingest::list_spool(folder)->empty());
        CHECK(client.metrics()->find("macp_spool_taken_total 2") != std::string::npos);
    }

    TEST_CASE("refuses a cursor of rejects that it never gave") {
        RunningGateway gateway;
        auto client = gateway.client();
        for (auto const* const cursor :
             {"zz", "", "0195e2a4-5a00-7c1e-9f5b-3d1a7c0e8b4", "0195e2a4-5a00-7c1e-9f5b-3d1a7c0e8b4g"}) {
            CAPTURE(cursor);
            auto const answer = client.call("GET", std::string{"/api/ingest/rejects?cursor="} + cursor);
            REQUIRE(answer);
            CHECK(answer->status == 422);
            CHECK(Json::parse(answer->body)["field"] == "cursor");
        }
        CHECK(client.rejects(10, "0195e2a4-5a00-7c1e-9f5b-3d1a7c0e8b44"));
    }

    TEST_CASE("refuses an empty idempotency key") {
        RunningGateway gateway;
        auto client = gateway.client();
        for (auto const* const key : {"", "  "}) {
            auto const answer = client.call(
                "POST", "/api/events", R"({"type":"a"})",
                {{"Content-Type", "application/json"}, {"Idempotency-Key", key}}
            );
            REQUIRE(answer);
            CHECK(answer->status == 422);
            CHECK(Json::parse(answer->body)["field"] == "Idempotency-Key");
        }
    }

    TEST_CASE("keeps a refused body, tells of it, and takes it back only when it is an event") {
        RunningGateway gateway;
        auto client = gateway.client();
        client::Subscription subscription{gateway.subscription("start")};
        REQUIRE_FALSE(client.emit({{"no", "type"}}));
        auto const told = take(subscription, 1, "ingest.rejected");
        auto const rejects = client.rejects();
        REQUIRE(rejects);
        REQUIRE((*rejects)["items"].size() == 1);
        auto const& reject = (*rejects)["items"][0];
        CHECK(reject["door"] == "POST /api/events");
        CHECK(reject["reason"].get<std::string>().find("/type") != std::string::npos);
        CHECK(Json::parse(told[0].data())["reject_id"] == reject["id"]);
        CHECK_FALSE(client.retry_reject(reject["id"]));
    }
}
