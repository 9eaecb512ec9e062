#include "engine.hpp"

#include <algorithm>

using namespace macp;
using namespace std::chrono_literals;
using testing::answers;
using testing::delivered;
using testing::Engine;
using testing::event;
using testing::eventually;
using testing::range;
using testing::refused;
using testing::Sent;
using testing::target;

TEST_SUITE("order of delivery") {
    TEST_CASE("sends every event once, in order, from the beginning of the log on") {
        Engine engine;
        engine.with(target("a")).open_log();
        engine.append_numbered(50, "before");
        engine.start();
        engine.append_numbered(50, "after");
        engine.settle("a");
        CHECK(engine.script("a").seqs() == range(1, 100));
        CHECK(engine.script("a").most_in_flight() == 1);
        CHECK(engine.saved("a").progress.after == 100);
        CHECK(engine.status("a").lag == 0);
        CHECK(engine.status("a").delivered == 100);
    }

    TEST_CASE("begins after what is there now, unless told otherwise") {
        Engine engine;
        auto config = target("a");
        config.since = {.kind = core::Position::Kind::Now};
        engine.with(config).open_log();
        engine.append_numbered(3);
        engine.start();
        engine.append({event("new")});
        engine.settle("a");
        CHECK(engine.script("a").seqs() == range(4, 4));
    }

    TEST_CASE("saves the cursor after the answer, never before") {
        Engine engine;
        engine.with(target("a")).start();
        engine.script("a").hold();
        engine.append_numbered(3);
        REQUIRE(eventually([&] { return engine.script("a").in_flight() == 1; }));
        REQUIRE(engine.get(engine.targets->attempts("a", 1)).has_value());  // saves what there is
        CHECK(engine.saved("a").progress.after == 0);
        CHECK(engine.saved("a").progress.open.empty());
        engine.script("a").release();
        engine.settle("a");
        CHECK(engine.saved("a").progress.after == 3);
    }

    TEST_CASE("sends what was in flight once more after a restart, and goes on") {
        Engine engine;
        engine.with(target("a")).start();
        engine.append_numbered(2);
        engine.settle("a");
        engine.script("a").hold();
        engine.append_numbered(2, "more");
        REQUIRE(eventually([&] { return engine.script("a").in_flight() == 1; }));
        engine.stop();
        engine.script("a").release();
        engine.start();
        engine.settle("a");
        CHECK(engine.script("a").seqs() == std::vector<core::Seq>{1, 2, 3, 3, 4});
    }

    TEST_CASE("moves the cursor past what the target does not want") {
        Engine engine;
        auto config = target("a");
        config.types = {"task.failed"};
        engine.with(config).start();
        engine.append_numbered(500);
        engine.append({event("x", "task.failed")});
        engine.append_numbered(500, "more");
        engine.settle("a");
        CHECK(engine.script("a").seqs() == range(501, 501));
        CHECK(engine.saved("a").progress.after == 1001);
        CHECK(engine.saved("a").holds() == 1001);
    }

    TEST_CASE("looks at fields of the data when it is asked to") {
        Engine engine;
        auto config = target("a");
        config.where = {{"repo", "x*"}};
        engine.with(config).start();
        auto wanted = event("1");
        wanted.data = R"({"repo":"xyz"})";
        auto other = event("2");
        other.data = R"({"repo":"abc"})";
        engine.append({other, wanted});
        engine.settle("a");
        CHECK(engine.script("a").seqs() == range(2, 2));
    }

    TEST_CASE("reads from the disk what the tail no longer holds") {
        Engine engine;
        engine.options.tail_bytes = 1;
        engine.with(target("a")).open_log();
        for (int i = 0; i < 30; ++i) engine.append_numbered(100, std::to_string(i) + '-');
        engine.start();
        engine.settle("a");
        CHECK(engine.script("a").seqs() == range(1, 3000));
    }

    TEST_CASE("catches up from the disk with what is appended meanwhile") {
        Engine engine;
        engine.options.tail_bytes = 1;
        engine.with(target("a")).start();
        for (int i = 0; i < 100; ++i) engine.append_numbered(7, std::to_string(i) + '-');
        engine.settle("a");
        CHECK(engine.script("a").seqs() == range(1, 700));
    }

    TEST_CASE("with ordering `none` has as many in flight as allowed") {
        Engine engine;
        auto config = target("a");
        config.ordering = delivery::Ordering::None;
        config.concurrency = 4;
        engine.with(config).start();
        engine.script("a").hold();
        engine.append_numbered(20);
        REQUIRE(eventually([&] { return engine.script("a").in_flight() == 4; }));
        engine.script("a").release();
        engine.settle("a");
        auto seqs = engine.script("a").seqs();
        std::ranges::sort(seqs);
        CHECK(seqs == range(1, 20));
        CHECK(engine.script("a").most_in_flight() == 4);
        CHECK(engine.saved("a").progress.after == 20);
    }

    TEST_CASE("with ordering `subject` keeps the order within each, and one waits for nobody else's") {
        Engine engine;
        auto config = target("a");
        config.ordering = delivery::Ordering::Subject;
        config.concurrency = 3;
        engine.with(config).start();
        engine.script("a").play([](Sent const& sent) { return sent.subject == "bad" ? answers(503) : delivered(); });
        engine.append({event("1", "t", "bad"), event("2", "t", "good"), event("3", "t", "bad"), event("4", "t", "good")}
        );
        engine.append({event("5", "t", "fine"), event("6", "t", "bad"), event("7", "t", "good")});
        engine.settle("a");
        CHECK(engine.script("a").tries() == 5);  // the first bad one, and all others
        auto const record = engine.saved("a");
        CHECK(record.progress.after == 7);
        CHECK(record.progress.done() == 0);
        REQUIRE(record.progress.open.size() == 3);

        engine.script("a").forget();
        engine.script("a").play([](Sent const&) { return delivered(); });
        engine.restart();
        engine.advance(1s);
        CHECK(engine.script("a").seqs() == std::vector<core::Seq>{1, 3, 6});
        CHECK(engine.saved("a").progress.done() == 7);
    }

    TEST_CASE("after a restart sends again only what was not done, whatever order it was done in") {
        Engine engine;
        auto config = target("a");
        config.ordering = delivery::Ordering::None;
        config.concurrency = 8;
        engine.with(config).start();
        engine.script("a").play([](Sent const& sent) { return sent.seqs[0] % 5 == 0 ? answers(500) : delivered(); });
        engine.append_numbered(12);
        REQUIRE(eventually([&] { return engine.status("a").delivered == 10; }));
        engine.settle("a");
        engine.script("a").forget();
        engine.script("a").play([](Sent const&) { return delivered(); });
        engine.restart();
        engine.advance(1s);
        auto seqs = engine.script("a").seqs();
        std::ranges::sort(seqs);
        CHECK(seqs == std::vector<core::Seq>{5, 10});
    }

    TEST_CASE("puts into one batch what is there, within its bounds") {
        Engine engine;
        auto config = target("a");
        config.format = delivery::Format::Batch;
        config.batch_events = 10;
        engine.with(config).open_log();
        engine.append_numbered(25);
        engine.start();
        engine.settle("a");
        CHECK(engine.script("a").tries() == 3);
        CHECK(engine.script("a").seqs() == range(1, 25));
    }

    TEST_CASE("takes a refused batch apart, so that only the event at fault is lost") {
        Engine engine;
        auto config = target("a");
        config.format = delivery::Format::Batch;
        engine.with(config).open_log();
        engine.append_numbered(5);
        engine.start();
        engine.script("a").play([](Sent const& sent) {
            return std::ranges::find(sent.seqs, 3) != sent.seqs.end() ? refused() : delivered();
        });
        engine.settle("a");
        auto const letters = engine.need(engine.targets->dead_letters("a", 0, 10));
        REQUIRE(letters.size() == 1);
        CHECK(letters[0].seq == 3);
        CHECK(engine.saved("a").progress.done() >= 5);
        auto const all = engine.script("a").sent();
        CHECK(all.front().seqs == range(1, 5));
    }

    TEST_CASE("is not held up by a target that is dead, nor by one that never answers") {
        Engine engine{2};
        engine.with(target("dead")).with(target("mute")).with(target("alive")).start();
        engine.script("dead").play([](Sent const&) { return testing::nobody_there(); });
        engine.script("mute").hold();
        for (int i = 0; i < 50; ++i) engine.append_numbered(20, std::to_string(i) + '-');
        engine.settle("alive");
        auto seqs = engine.script("alive").seqs();
        auto const last = seqs.size();
        CHECK(last >= 1000);
        CHECK(seqs == range(1, last));
        CHECK(engine.script("mute").tries() == 1);
        CHECK(engine.script("dead").tries() == 1);  // the next is due when time goes by
        engine.script("mute").release();
    }

    TEST_CASE("does not hear of itself, and of others only when it asks for `delivery.` by name") {
        Engine engine;
        auto all = target("all");
        auto watcher = target("watcher");
        watcher.types = {"delivery.*"};
        auto failing = target("failing");
        failing.types = {"task.*", "delivery.*"};
        engine.with(all).with(watcher).with(failing).start();
        engine.script("failing").play([](Sent const&) { return refused(); });
        engine.append({event("1")});
        engine.settle("failing");
        engine.settle("watcher");
        engine.settle("all");
        CHECK(engine.notices() == std::vector<std::string>{"delivery.failed dead-letter"});
        CHECK(engine.script("all").seqs() == range(1, 1));
        CHECK(engine.script("watcher").seqs() == range(2, 2));
        CHECK(engine.script("failing").seqs() == range(1, 1));
    }
}
