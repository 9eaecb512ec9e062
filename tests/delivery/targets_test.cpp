#include "engine.hpp"

#include <algorithm>

using namespace macp;
using namespace std::chrono_literals;
using core::ErrorCode;
using delivery::TargetState;
using testing::answers;
using testing::delivered;
using testing::Engine;
using testing::event;
using testing::eventually;
using testing::range;
using testing::refused;
using testing::Sent;
using testing::target;

namespace {

events::Commit::Once once(std::string key) {
    return {.space = "idempotency", .key = std::move(key), .value = [](auto const&) { return std::string{"first"}; }};
}

core::Position at(core::Seq seq) {
    return {.kind = core::Position::Kind::At, .seq = seq};
}

}  // namespace

TEST_SUITE("targets") {
    TEST_CASE("keeps a pause over a restart, and goes on where it was") {
        Engine engine;
        engine.with(target("a")).start();
        engine.append({event("1")});
        engine.settle("a");
        engine.need(engine.targets->pause("a"));
        engine.append({event("2")});
        engine.settle("a");
        engine.restart();
        engine.settle("a");
        CHECK(engine.script("a").seqs() == range(1, 1));
        CHECK(engine.status("a").state == TargetState::Paused);
        CHECK(engine.status("a").lag == 1);
        engine.need(engine.targets->resume("a"));
        engine.settle("a");
        CHECK(engine.script("a").seqs() == range(1, 2));
    }

    TEST_CASE("makes, changes and deletes targets while it runs, and has them after a restart") {
        Engine engine;
        engine.start();
        engine.append({event("old")});
        auto config = target("hook");
        config.since = {.kind = core::Position::Kind::Now};
        auto const id = delivery::Targets::new_id();
        engine.need(engine.targets->create(id, config));
        engine.append({event("1"), event("2", "other.type")});
        engine.settle(id);
        CHECK(engine.script("hook").seqs() == range(2, 3));

        config.types = {"task.*"};
        engine.need(engine.targets->update(id, config));
        engine.append({event("3"), event("4", "other.type")});
        engine.settle(id);
        CHECK(engine.script("hook").seqs() == range(2, 4));

        engine.restart();
        engine.append({event("5")});
        engine.settle(id);
        CHECK(engine.script("hook").seqs() == std::vector<core::Seq>{2, 3, 4, 6});
        CHECK(engine.status(id).config.types == std::vector<std::string>{"task.*"});

        engine.need(engine.targets->remove(id));
        CHECK(engine.get(engine.targets->status(id)).error().code == ErrorCode::NotFound);
        engine.restart();
        CHECK(engine.get(engine.targets->list()).empty());
        CHECK_FALSE(engine.log->cursor(delivery::cursor_name(id))->has_value());
    }

    TEST_CASE("refuses a name that is taken, and changes to what the configuration says") {
        Engine engine;
        engine.with(target("fixed")).start();
        auto const made = engine.get(engine.targets->create("x", target("fixed")));
        REQUIRE_FALSE(made.has_value());
        CHECK(made.error().code == ErrorCode::Conflict);
        CHECK(engine.get(engine.targets->remove("fixed")).error().code == ErrorCode::Conflict);
        CHECK(engine.get(engine.targets->update("fixed", target("fixed"))).error().code == ErrorCode::Conflict);
        CHECK(engine.get(engine.targets->pause("nobody")).error().code == ErrorCode::NotFound);
    }

    TEST_CASE("does a call once for each key, and gives the first answer again") {
        Engine engine;
        engine.with(target("a")).start();
        CHECK_FALSE(engine.need(engine.targets->pause("a", once("k"))).existing);
        engine.need(engine.targets->resume("a"));
        CHECK(engine.need(engine.targets->pause("a", once("k"))).existing == "first");
        CHECK(engine.status("a").state == TargetState::Healthy);
        engine.need(engine.targets->create("x", target("x"), once("c")));
        CHECK(engine.need(engine.targets->create("y", target("y"), once("c"))).existing == "first");
        CHECK(engine.get(engine.targets->list()).size() == 2);
        CHECK(engine.need(engine.targets->remove("x", once("c"))).existing == "first");
        CHECK(engine.get(engine.targets->status("x")).has_value());
    }

    TEST_CASE("takes up a new configuration: what stays goes on, what goes keeps its place but not the log") {
        Engine engine;
        engine.with(target("stays")).with(target("goes")).start();
        engine.append({event("1")});
        engine.settle("stays");
        engine.settle("goes");
        auto changed = target("stays");
        changed.url = "http://127.0.0.1:2/";
        std::vector<delivery::ConfiguredTarget> configured{{.config = changed}, {.config = target("comes")}};
        engine.need(engine.targets->reconfigure(configured));
        engine.append({event("2")});
        engine.settle("stays");
        engine.settle("comes");
        CHECK(engine.script("stays").seqs() == range(1, 2));
        CHECK(engine.script("comes").seqs() == range(1, 2));
        CHECK(engine.script("goes").seqs() == range(1, 1));
        auto const cursors = engine.log->cursors("delivery:goes");
        REQUIRE(cursors->size() == 1);
        engine.need(engine.targets->reconfigure({{.config = changed}, {.config = target("goes")}}));
        engine.settle("goes");
        CHECK(engine.script("goes").seqs() == range(1, 2));
    }

    TEST_CASE("replays a stretch in order before it goes on, marked as such, over a restart too") {
        Engine engine;
        engine.with(target("a")).start();
        engine.append_numbered(10);
        engine.settle("a");
        engine.script("a").forget();
        engine.script("a").play([](Sent const& sent) { return sent.seqs[0] == 5 ? answers(500) : delivered(); });
        auto const stretch = engine.need(engine.targets->stretch(at(2), at(7)));
        engine.need(engine.targets->replay("a", stretch, {}));
        engine.append({event("new")});
        engine.settle("a");
        CHECK(engine.script("a").seqs() == range(3, 5));
        CHECK(engine.status("a").replaying == core::Gap{.from = 5, .to = 7, .why = "replay"});
        engine.script("a").play([](Sent const&) { return delivered(); });
        engine.restart();
        engine.advance(1s);
        CHECK(engine.script("a").seqs() == std::vector<core::Seq>{3, 4, 5, 5, 6, 7, 11});
        auto const sent = engine.script("a").sent();
        CHECK(sent[5].replay);
        CHECK_FALSE(sent.back().replay);
        CHECK_FALSE(engine.status("a").replaying);
    }

    TEST_CASE("replays only the types asked for, from a time on") {
        Engine engine;
        engine.with(target("a")).start();
        auto old = event("1", "task.failed");
        old.time = engine.clock.now() - 1h;
        auto recent = event("2", "task.failed");
        recent.time = engine.clock.now();
        auto other = event("3", "task.completed");
        other.time = engine.clock.now();
        engine.append({old, recent, other});
        engine.settle("a");
        engine.script("a").forget();
        auto const stretch = engine.need(engine.targets->stretch(engine.clock.now() - 1min, {}));
        CHECK(stretch.after == 1);
        engine.need(engine.targets->replay("a", stretch, {"*.failed"}));
        engine.settle("a");
        CHECK(engine.script("a").seqs() == range(2, 2));
    }

    TEST_CASE("delivers dead letters again when asked, in order, and forgets those that arrive") {
        Engine engine;
        engine.with(target("a")).start();
        engine.script("a").play([](Sent const&) { return refused(); });
        engine.append_numbered(4);
        engine.settle("a");
        CHECK(engine.status("a").dead_letters == 4);
        engine.script("a").forget();
        engine.script("a").play([](Sent const& sent) { return sent.seqs[0] == 3 ? refused(422) : delivered(); });
        engine.need(engine.targets->redeliver("a", std::vector<core::Seq>{4, 2}));
        engine.settle("a");
        CHECK(engine.script("a").seqs() == std::vector<core::Seq>{2, 4});
        engine.need(engine.targets->redeliver("a", {}));
        engine.settle("a");
        CHECK(engine.script("a").seqs() == std::vector<core::Seq>{2, 4, 1, 3});
        auto const letters = engine.need(engine.targets->dead_letters("a", 0, 10));
        REQUIRE(letters.size() == 1);
        CHECK(letters[0].status == 422);
        CHECK(engine.status("a").dead_letters == 1);
        CHECK(
            engine.get(engine.targets->redeliver("a", std::vector<core::Seq>{9})).error().code == ErrorCode::NotFound
        );
    }

    TEST_CASE("discards dead letters for good") {
        Engine engine;
        engine.with(target("a")).start();
        engine.script("a").play([](Sent const&) { return refused(); });
        engine.append_numbered(3);
        engine.settle("a");
        engine.need(engine.targets->discard("a", std::vector<core::Seq>{2}));
        CHECK(engine.status("a").dead_letters == 2);
        engine.need(engine.targets->discard("a", {}));
        CHECK(engine.status("a").dead_letters == 0);
        CHECK(engine.need(engine.targets->dead_letters("a", 0, 10)).empty());
    }

    TEST_CASE("keeps to the rate of its target") {
        Engine engine;
        auto config = target("a");
        config.rate_per_second = 2;
        engine.with(config).start();
        engine.append_numbered(10);
        engine.settle("a");
        CHECK(engine.script("a").tries() == 2);
        CHECK(engine.status("a").waits_for == "rate");
        engine.advance(500ms);
        CHECK(engine.script("a").tries() == 3);
        engine.advance(2s);
        CHECK(engine.script("a").tries() == 5);
    }

    TEST_CASE("tries a target on request, in whatever state it is") {
        Engine engine;
        engine.with(target("a")).start();
        engine.need(engine.targets->pause("a"));
        engine.script("a").play([](Sent const&) { return refused(418); });
        auto const attempt = engine.need(engine.targets->test("a"));
        CHECK(attempt.status == 418);
        CHECK(engine.script("a").sent().back().types == std::vector<std::string>{"macp.test"});
        CHECK(engine.status("a").dead_letters == 0);
    }

    TEST_CASE("keeps every try with status, number and answer, newest first") {
        Engine engine;
        engine.with(target("a")).start();
        engine.script("a").play([](Sent const& sent) { return sent.number == 1 ? answers(500) : delivered(); });
        engine.append({event("1"), event("2")});
        engine.settle("a");
        engine.advance(1s);
        engine.advance(1s);
        engine.restart();
        auto const attempts = engine.need(engine.targets->attempts("a", 10)).records;
        REQUIRE(attempts.size() == 4);
        CHECK(attempts[0].seq == 2);
        CHECK(attempts[0].status == 200);
        CHECK(attempts[0].number == 2);
        CHECK(attempts[0].answer == "ok");
        CHECK(attempts[3].seq == 1);
        CHECK(attempts[3].status == 500);
        CHECK(attempts[3].error == "the target answered it");
        CHECK(engine.need(engine.targets->attempts("a", 1)).records.size() == 1);
    }

    TEST_CASE("explains what became of an event at each target") {
        Engine engine;
        auto picky = target("picky");
        picky.types = {"task.failed"};
        auto late = target("late");
        late.since = {.kind = core::Position::Kind::Now};
        engine.open_log();
        engine.append({event("0")});
        engine.with(target("good")).with(target("bad")).with(target("slow")).with(picky).with(late).start();
        engine.script("bad").play([](Sent const&) { return refused(); });
        engine.script("slow").play([](Sent const&) { return answers(503); });
        for (auto const* const name : {"good", "bad", "slow"}) engine.settle(name);
        auto const all = engine.need(engine.targets->explain(1));
        std::map<std::string, delivery::Explanation> by_name;
        for (auto const& one : all) by_name[one.name] = one;
        CHECK(by_name["good"].verdict == "delivered");
        REQUIRE(by_name["good"].attempts.size() == 1);
        CHECK(by_name["bad"].verdict == "dead");
        CHECK(by_name["bad"].why == "refused: the target answered it");
        CHECK(by_name["slow"].verdict == "pending");
        CHECK(by_name["slow"].tries == 1);
        CHECK(by_name["slow"].next_try == engine.clock.now() + 1s);
        CHECK(by_name["picky"].verdict == "unwanted");
        CHECK(by_name["picky"].why == "types: `task.completed` matches none of `task.failed`");
        CHECK(by_name["late"].verdict == "before-start");
        CHECK(engine.get(engine.targets->explain(99)).error().code == ErrorCode::NotFound);
    }

    TEST_CASE("tells what retention took before it was delivered, and goes on after it") {
        Engine engine;
        engine.options.max_bytes = 200'000;
        engine.options.sweep_interval = 1ms;
        engine.with(target("a")).start();
        engine.append({event("first")});
        engine.settle("a");
        engine.need(engine.targets->pause("a"));
        auto big = event("big");
        big.data = '"' + std::string(10'000, 'x') + '"';
        // Only until it is told: what comes after pushes out the notice too.
        constexpr int most = 1000;
        for (int i = 0; i < most && engine.notices().empty(); ++i) {
            big.id = "big" + std::to_string(i);
            engine.append({big});
        }
        REQUIRE_FALSE(engine.notices().empty());
        CHECK(engine.notices().front() == "delivery.exhausted retention");
        engine.need(engine.targets->resume("a"));
        engine.settle("a");
        auto const status = engine.status("a");
        REQUIRE(status.missed);
        CHECK(status.missed->from == 2);
        auto const seqs = engine.script("a").seqs();
        REQUIRE(seqs.size() > 1);
        CHECK(seqs[1] > status.missed->to);
    }

    TEST_CASE("counts for metrics without asking any loop") {
        Engine engine;
        engine.with(target("a")).start();
        engine.script("a").play([](Sent const& sent) { return sent.number == 1 ? answers(500) : delivered(); });
        engine.append({event("1")});
        engine.settle("a");
        auto before = engine.targets->metrics().front();
        CHECK(before.failed_attempts == 1);
        CHECK(before.lag == 1);
        engine.advance(1s);
        auto const after = engine.targets->metrics().front();
        CHECK(after.delivered == 1);
        CHECK(after.attempts == 2);
        CHECK(after.lag == 0);
        CHECK(after.state == TargetState::Healthy);
    }
}
