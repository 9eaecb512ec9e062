#include "engine.hpp"

#include <algorithm>

using namespace macp;
using namespace std::chrono_literals;
using delivery::BreakerState;
using delivery::TargetState;
using testing::answers;
using testing::delivered;
using testing::Engine;
using testing::event;
using testing::nobody_there;
using testing::range;
using testing::refused;
using testing::Sent;
using testing::target;

namespace {

/// Lets time go by second by second.
void pass(Engine& engine, std::chrono::seconds time) {
    for (auto left = time; left > 0s; left -= 1s) engine.advance(1s);
}

std::size_t count(std::vector<std::string> const& all, std::string const& one) {
    return static_cast<std::size_t>(std::ranges::count(all, one));
}

}  // namespace

TEST_SUITE("retry") {
    TEST_CASE("tries again after twice the time with each failure, and delivers in order all the same") {
        Engine engine;
        engine.with(target("a")).start();
        engine.script("a").play([](Sent const& sent) { return sent.number <= 3 ? answers(500) : delivered(); });
        engine.append({event("1")});
        engine.settle("a");
        CHECK(engine.script("a").tries() == 1);
        engine.advance(999ms);
        CHECK(engine.script("a").tries() == 1);
        engine.advance(1ms);
        CHECK(engine.script("a").tries() == 2);
        engine.advance(1999ms);
        CHECK(engine.script("a").tries() == 2);
        CHECK(engine.status("a").waits_for == "retry");
        engine.append({event("2")});
        engine.advance(1ms);
        CHECK(engine.script("a").tries() == 3);
        engine.advance(4s);
        CHECK(engine.script("a").seqs() == std::vector<core::Seq>{1, 1, 1, 1, 2});
        CHECK(engine.notices().empty());  // single tries are not worth an event
    }

    TEST_CASE("leaves the target alone for as long as it asks for") {
        Engine engine;
        auto config = target("a");
        config.ordering = delivery::Ordering::None;
        engine.with(config).start();
        engine.script("a").play([](Sent const& sent) {
            if (sent.number > 1 || sent.seqs[0] != 1) return delivered();
            auto attempt = answers(429);
            attempt.asks_to_wait = true;
            attempt.retry_after = 20s;
            return attempt;
        });
        engine.append({event("1")});
        engine.settle("a");
        engine.append({event("2")});
        engine.settle("a");
        CHECK(engine.script("a").seqs() == range(1, 1));
        CHECK(engine.status("a").waits_for == "retry-after");
        engine.advance(19s);
        CHECK(engine.script("a").seqs() == range(1, 1));
        engine.restart();
        engine.settle("a");
        CHECK(engine.script("a").seqs() == range(1, 1));
        engine.advance(1s);
        auto seqs = engine.script("a").seqs();
        std::ranges::sort(seqs);
        CHECK(seqs == std::vector<core::Seq>{1, 1, 2});
    }

    TEST_CASE("makes a dead letter of an event that a live target fails too often, and goes on") {
        Engine engine;
        auto config = target("a");
        config.retry = {.count = 2, .base_seconds = 1, .cap_seconds = 1};
        engine.with(config).start();
        engine.script("a").play([](Sent const& sent) { return sent.seqs[0] == 2 ? answers(500) : delivered(); });
        engine.append({event("1"), event("2"), event("3")});
        engine.settle("a");
        pass(engine, 2s);
        CHECK(engine.script("a").seqs() == std::vector<core::Seq>{1, 2, 2, 2, 3});
        auto const letters = engine.need(engine.targets->dead_letters("a", 0, 10));
        REQUIRE(letters.size() == 1);
        CHECK(letters[0].seq == 2);
        CHECK(letters[0].reason == "retries");
        CHECK(letters[0].attempts == 3);
        CHECK(letters[0].status == 500);
        CHECK(letters[0].event.find(R"("id":"2")") != std::string::npos);
        CHECK(engine.notices() == std::vector<std::string>{"delivery.failed dead-letter"});
        CHECK(engine.status("a").dead_letters == 1);
        CHECK(engine.saved("a").dead_letters == 1);
    }

    TEST_CASE("never tries again what was refused") {
        Engine engine;
        engine.with(target("a")).start();
        engine.script("a").play([](Sent const& sent) { return sent.seqs[0] == 1 ? refused(404) : delivered(); });
        engine.append({event("1"), event("2")});
        engine.settle("a");
        CHECK(engine.script("a").seqs() == range(1, 2));
        auto const letters = engine.need(engine.targets->dead_letters("a", 0, 10));
        REQUIRE(letters.size() == 1);
        CHECK(letters[0].reason == "refused");
        CHECK(letters[0].answer == "bad");
    }

    TEST_CASE("goes on with its schedule after a restart") {
        Engine engine;
        auto config = target("a");
        config.retry = {.count = 3, .base_seconds = 10, .cap_seconds = 10};
        engine.with(config).start();
        engine.script("a").play([](Sent const&) { return answers(500); });
        engine.append({event("1")});
        engine.settle("a");
        engine.advance(10s);
        engine.advance(4s);
        CHECK(engine.script("a").tries() == 2);
        engine.restart();
        engine.settle("a");
        engine.advance(5s);
        CHECK(engine.script("a").tries() == 2);
        engine.advance(1s);
        CHECK(engine.script("a").tries() == 3);
        CHECK(engine.script("a").sent().back().number == 3);
        engine.restart();
        engine.advance(10s);
        CHECK(engine.script("a").tries() == 4);
        CHECK(engine.need(engine.targets->dead_letters("a", 0, 1)).size() == 1);
    }

    TEST_CASE("loses nothing while its target is away for an hour") {
        Engine engine;
        engine.with(target("a")).start();
        engine.script("a").play([](Sent const&) { return nobody_there(); });
        engine.append_numbered(10);
        for (int i = 0; i < 720; ++i) engine.advance(5s);
        CHECK(engine.status("a").state == TargetState::Failing);
        CHECK(engine.status("a").breaker == BreakerState::Open);
        auto const tries = engine.script("a").tries();
        CHECK(tries > 10);
        CHECK(tries < 40);
        CHECK(engine.status("a").dead_letters == 0);
        engine.script("a").forget();
        engine.script("a").play([](Sent const&) { return delivered(); });
        for (int i = 0; i < 72; ++i) engine.advance(5s);
        CHECK(engine.script("a").seqs() == range(1, 10));
        CHECK(engine.status("a").state == TargetState::Healthy);
        CHECK(engine.notices() == std::vector<std::string>{"delivery.failed failing", "delivery.recovered delivered"});
    }

    TEST_CASE("sends single probes only while the breaker is open, and everything once it closes") {
        Engine engine;
        auto config = target("a");
        config.ordering = delivery::Ordering::None;
        config.concurrency = 8;
        engine.with(config).start();
        engine.script("a").play([](Sent const&) { return answers(503); });
        engine.append_numbered(100);
        engine.settle("a");
        auto const burst = engine.script("a").tries();
        CHECK(burst >= 5);
        CHECK(burst <= 13);  // those that were in flight when it opened
        engine.advance(4s);
        CHECK(engine.script("a").tries() == burst + 1);
        engine.advance(7s);
        CHECK(engine.script("a").tries() == burst + 1);
        engine.script("a").play([](Sent const&) { return delivered(); });
        engine.advance(1s);
        engine.settle("a");
        CHECK(engine.status("a").delivered == 100);
        CHECK(engine.status("a").breaker == BreakerState::Closed);
    }

    TEST_CASE("keeps the breaker open over a restart") {
        Engine engine;
        engine.with(target("a")).start();
        engine.script("a").play([](Sent const&) { return nobody_there(); });
        engine.append({event("1")});
        pass(engine, 20s);
        CHECK(engine.status("a").breaker == BreakerState::Open);
        auto const tries = engine.script("a").tries();
        auto const next = engine.status("a").next_try;
        engine.restart();
        engine.settle("a");
        CHECK(engine.script("a").tries() == tries);
        CHECK(engine.status("a").breaker == BreakerState::Open);
        CHECK(engine.status("a").next_try == next);
        CHECK(engine.notices() == std::vector<std::string>{"delivery.failed failing"});
    }

    TEST_CASE("does not let an event that always fails keep the others waiting for ever") {
        Engine engine;
        engine.with(target("a")).start();
        engine.script("a").play([](Sent const& sent) { return sent.seqs[0] == 1 ? answers(500) : delivered(); });
        engine.append({event("1"), event("2")});
        for (int i = 0; i < 400; ++i) engine.advance(5s);
        CHECK(engine.script("a").seqs().back() == 2);
        CHECK(engine.script("a").tries() == 10);  // nine for the first: the count is 8
        CHECK(engine.status("a").dead_letters == 1);
        CHECK(count(engine.notices(), "delivery.recovered delivered") == 1);
    }

    TEST_CASE("gives up an event that has failed for too long") {
        Engine engine;
        auto config = target("a");
        config.max_age_seconds = 100;
        engine.with(config).start();
        engine.script("a").play([](Sent const&) { return nobody_there(); });
        engine.append({event("1"), event("2")});
        for (int i = 0; i < 40; ++i) engine.advance(5s);
        auto const letters = engine.need(engine.targets->dead_letters("a", 0, 10));
        REQUIRE(letters.size() == 1);
        CHECK(letters[0].reason == "age");
    }

    TEST_CASE("takes nothing more to a target that is gone, until it is resumed") {
        Engine engine;
        engine.with(target("a")).start();
        engine.script("a").play([](Sent const&) { return testing::gone(); });
        engine.append({event("1"), event("2")});
        engine.settle("a");
        pass(engine, 5s);
        CHECK(engine.script("a").tries() == 1);
        CHECK(engine.status("a").state == TargetState::Disabled);
        CHECK(engine.status("a").disabled->why == "gone");
        CHECK(engine.notices() == std::vector<std::string>{"delivery.failed disabled"});
        engine.restart();
        engine.settle("a");
        CHECK(engine.script("a").tries() == 1);
        CHECK(engine.saved("a").holds() == 0);  // the log waits for it
        engine.script("a").play([](Sent const&) { return delivered(); });
        engine.need(engine.targets->resume("a"));
        engine.settle("a");
        CHECK(engine.script("a").seqs() == std::vector<core::Seq>{1, 1, 2});
        CHECK(engine.status("a").state == TargetState::Healthy);
    }

    TEST_CASE("disables a target that has failed for days, and says so") {
        Engine engine;
        auto config = target("a");
        config.disable_after_seconds = 3600;
        engine.with(config).start();
        engine.script("a").play([](Sent const&) { return nobody_there(); });
        engine.append({event("1")});
        for (int i = 0; i < 30; ++i) engine.advance(5min);
        CHECK(engine.status("a").state == TargetState::Disabled);
        CHECK(engine.status("a").disabled->why == "failing");
        auto const tries = engine.script("a").tries();
        engine.advance(24h);
        CHECK(engine.script("a").tries() == tries);
        CHECK(engine.status("a").dead_letters == 0);
        CHECK(engine.notices() == std::vector<std::string>{"delivery.failed failing", "delivery.failed disabled"});
    }

    TEST_CASE("does not go on at full speed against a target that refuses everything") {
        Engine engine;
        engine.with(target("a")).start();
        engine.script("a").play([](Sent const&) { return refused(401); });
        engine.append_numbered(200);
        engine.settle("a");
        CHECK(engine.script("a").tries() == 20);
        CHECK(engine.status("a").breaker == BreakerState::Open);
        CHECK(engine.status("a").state == TargetState::Failing);
    }

    TEST_CASE("says nothing in the log of deliveries about deliveries: two failing targets do not feed each other") {
        Engine engine;
        for (std::string const name : {"a", "b"}) {
            auto config = target(name);
            config.types = {"task.*", "delivery.*"};
            engine.with(config);
        }
        engine.start();
        engine.script("a").play([](Sent const&) { return refused(); });
        engine.script("b").play([](Sent const&) { return refused(); });
        engine.append({event("1")});
        for (int i = 0; i < 3; ++i) {
            engine.settle("a");
            engine.settle("b");
        }
        CHECK(engine.notices().size() == 2);
        CHECK(engine.status("a").dead_letters == 2);
        CHECK(engine.status("b").dead_letters == 2);
    }
}
