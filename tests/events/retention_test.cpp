#include "log_fixture.hpp"

#include <atomic>
#include <future>
#include <mutex>
#include <thread>

using namespace macp;
using std::chrono::hours;
using testing::append;
using testing::event;
using testing::eventually;
using testing::LogFixture;
using testing::numbered;
using testing::read_all;

namespace {

struct RetentionFixture : LogFixture {
    RetentionFixture() { options.sweep_interval = std::chrono::milliseconds{1}; }

    /// Waits until the log has noted when it had come to its newest position: age counts from then.
    void wait_for_mark() const {
        auto database = io::Database::open(options.path, io::Database::Mode::ReadOnly, 1000);
        REQUIRE(database);
        auto const next = static_cast<std::int64_t>(log->tail().last() + 1);
        REQUIRE(eventually([&] { return *database->integer("SELECT max(seq) FROM marks") == next; }));
    }
    [[nodiscard]] bool oldest_becomes(core::Seq seq) const {
        return eventually([&] { return log->stats().oldest == seq; });
    }
    /// Sees to it that at least one more sweep has gone by: an expired row is gone from the disk.
    void let_it_sweep() {
        auto database = io::Database::open(options.path, io::Database::Mode::ReadOnly, 1000);
        events::Row const probe{.space = "probe", .key = "k", .value = "v", .expires = clock.now()};
        REQUIRE(log->commit_and_wait({.rows = {probe}}));
        REQUIRE(eventually([&] { return *database->integer("SELECT count(*) FROM rows WHERE space = 'probe'") == 0; }));
        REQUIRE(log->commit_and_wait({}));  // the log's thread is through with it: its numbers are noted, too
    }
};

}  // namespace

TEST_SUITE("retention") {
    TEST_CASE("drops what is over the age, keeps the newest, and tells readers what is gone") {
        RetentionFixture fixture;
        fixture.options.max_age = hours{24};
        auto& log = fixture.open();
        REQUIRE(append(log, numbered(1, 5000)));
        fixture.wait_for_mark();
        fixture.clock.advance(hours{12});
        REQUIRE(append(log, numbered(5001, 5010)));
        fixture.wait_for_mark();
        fixture.let_it_sweep();
        CHECK(log.stats().oldest == 1);

        fixture.clock.advance(hours{12});
        REQUIRE(fixture.oldest_becomes(5001));
        auto const page = log.read(100, {}, {});
        REQUIRE(page);
        CHECK(page->gap == core::Gap{.from = 101, .to = 5000, .why = "retention"});
        CHECK(page->events.first() == 5001);
        CHECK(log.read(0, {}, {})->gap == core::Gap{.from = 1, .to = 5000, .why = "retention"});
        CHECK(!log.read(5000, {}, {})->gap);
        CHECK(events::resolve(log, {}).after == 5000);

        fixture.clock.advance(hours{1000});
        REQUIRE(fixture.oldest_becomes(5010));
        auto& again = fixture.open();
        CHECK(again.stats().oldest == 5010);
        CHECK(append(again, {event("next")})->seqs == std::vector<core::Seq>{5011});
    }

    TEST_CASE("by age waits for every cursor that holds the log") {
        RetentionFixture fixture;
        fixture.options.max_age = hours{1};
        auto& log = fixture.open();
        REQUIRE(log.commit_and_wait({
            .events = numbered(1, 100),
            .cursors = {{.name = "slow", .holds = 10}, {.name = "fast", .holds = 90}, {.name = "file", .value = "x"}},
        }));
        fixture.wait_for_mark();
        fixture.clock.advance(hours{2});
        REQUIRE(fixture.oldest_becomes(11));
        fixture.let_it_sweep();
        CHECK(log.stats().oldest == 11);
        REQUIRE(log.commit_and_wait({.cursors = {{.name = "slow", .holds = 50}}}));
        REQUIRE(fixture.oldest_becomes(51));
        REQUIRE(log.commit_and_wait({.cursors = {{.name = "slow", .erase = true}}}));
        REQUIRE(fixture.oldest_becomes(91));
        CHECK(log.stats().overruns == 0);
    }

    TEST_CASE("by bytes goes past cursors, and names each one with what it missed") {
        RetentionFixture fixture;
        std::mutex mutex;
        std::vector<events::Overrun> overruns;
        fixture.options.max_bytes = 2 << 20;
        fixture.options.on_overrun = [&](events::Overrun const& overrun) {
            std::scoped_lock const lock{mutex};
            overruns.push_back(overrun);
        };
        auto& log = fixture.open();
        REQUIRE(log.commit_and_wait({.cursors = {{.name = "hook", .holds = 20}, {.name = "free", .value = "x"}}}));
        for (int i = 0; i < 8; ++i) REQUIRE(append(log, numbered(i * 1000 + 1, (i + 1) * 1000, 1000)));
        REQUIRE(eventually([&] { return log.stats().bytes <= fixture.options.max_bytes; }));
        fixture.let_it_sweep();
        auto const oldest = log.stats().oldest;
        CHECK(oldest > 5000);
        CHECK(oldest < 8000);
        CHECK(read_all(log).front() == oldest);
        CHECK(log.stats().overruns > 0);

        std::scoped_lock const lock{mutex};
        REQUIRE(!overruns.empty());
        core::Seq next = 21;
        for (auto const& overrun : overruns) {
            CHECK(overrun.cursor == "hook");
            CHECK(overrun.missed.from == next);
            next = overrun.missed.to + 1;
        }
        CHECK(next == oldest);
    }

    TEST_CASE("does not hold the log's numbers while it tells of a cursor that it went past") {
        std::future<std::uint64_t> stats;  // outlives the call: its end waits for the answer
        std::atomic<bool> asked{false};
        std::atomic<bool> answered{false};
        events::EventLog* opened = nullptr;
        RetentionFixture fixture;
        fixture.options.max_bytes = 1 << 20;
        fixture.options.on_overrun = [&](events::Overrun const&) {
            if (asked.exchange(true)) return;
            stats = std::async(std::launch::async, [&] { return opened->stats().overruns; });
            answered = stats.wait_for(std::chrono::seconds{10}) == std::future_status::ready;
        };
        opened = &fixture.open();
        REQUIRE(opened->commit_and_wait({.cursors = {{.name = "hook", .holds = 1}}}));
        REQUIRE(append(*opened, numbered(1, 2000, 1000)));
        CHECK(eventually([&] { return answered.load(); }));
    }

    TEST_CASE("by bytes takes no event for what rows take") {
        RetentionFixture fixture;
        fixture.options.max_bytes = 2 << 20;
        auto& log = fixture.open();
        REQUIRE(append(log, numbered(1, 1000, 500)));
        for (int i = 0; i < 80; ++i) {
            events::Row const row{.space = "s", .key = std::to_string(i), .value = std::string(100'000, 'v')};
            REQUIRE(log.commit_and_wait({.rows = {row}}));
        }
        fixture.let_it_sweep();
        fixture.let_it_sweep();
        CHECK(log.stats().bytes > fixture.options.max_bytes);
        CHECK(log.stats().oldest == 1);
        for (int i = 1; i <= 4; ++i) REQUIRE(append(log, numbered(i * 1000 + 1, (i + 1) * 1000, 500)));
        REQUIRE(eventually([&] { return log.stats().bytes - log.stats().row_bytes <= fixture.options.max_bytes; }));
        fixture.let_it_sweep();
        CHECK(log.stats().oldest > 1);
        CHECK(log.tail().last() - log.stats().oldest > 1000);
    }

    TEST_CASE("drops names with their last event, and knows them again") {
        RetentionFixture fixture;
        fixture.options.max_age = hours{1};
        auto* log = &fixture.open();
        std::vector<core::NewEvent> list;
        for (int i = 1; i <= 200; ++i) {
            auto const text = std::to_string(i);
            list.push_back(event(text, i % 2 == 0 ? "even" : "odd." + text, "/s/" + text));
        }
        list.push_back(event("last", "even", "/kept"));
        REQUIRE(append(*log, std::move(list)));
        fixture.wait_for_mark();
        fixture.clock.advance(hours{2});
        REQUIRE(fixture.oldest_becomes(201));
        auto database = io::Database::open(fixture.options.path, io::Database::Mode::ReadOnly, 1000);
        REQUIRE(eventually([&] { return *database->text("SELECT group_concat(text) FROM sources") == "/kept"; }));
        REQUIRE(eventually([&] { return *database->text("SELECT group_concat(text) FROM types") == "even"; }));
        // Neither a dropped name nor a dropped number may be taken for one that is there.
        REQUIRE(append(*log, {event("again", "odd.7", "/s/7"), event("new", "fresh", "/new")}));
        for (int round = 0; round < 2; ++round) {
            CHECK(read_all(*log, {.types = {"odd.*"}, .sources = {"/s/7"}}) == std::vector<core::Seq>{202});
            CHECK(read_all(*log, {.types = {"fresh"}, .sources = {"/new"}}) == std::vector<core::Seq>{203});
            log = &fixture.open();
        }
    }

    TEST_CASE("leaves a reader the names of the events that it sees") {
        RetentionFixture fixture;
        fixture.options.max_bytes = 1 << 20;
        auto& log = fixture.open();
        std::atomic<bool> done{false};
        std::atomic<int> nameless{0};
        std::thread reader{[&] {
            while (!done) {
                auto const page = log.read(0, {.types = {"*"}}, {});
                if (!page) ++nameless;
                for (std::size_t i = 0; page && i < page->events.size(); ++i) {
                    if (!page->events[i].type.starts_with("type.") || !page->events[i].source.starts_with("/s/")) {
                        ++nameless;
                    }
                }
            }
        }};
        for (int i = 0; i < 60; ++i) {
            std::vector<core::NewEvent> list;
            for (int n = 0; n < 100; ++n) {
                auto const text = std::to_string(i * 100 + n);
                list.push_back(event(text, "type." + text, "/s/" + text));
                list.back().data = '"' + std::string(1000, 'x') + '"';
            }
            CHECK(append(log, std::move(list)));
        }
        done = true;
        reader.join();
        CHECK(nameless == 0);
        CHECK(log.stats().oldest > 1);
    }

    TEST_CASE("by age goes on after a clock that was far ahead") {
        RetentionFixture fixture;
        fixture.options.max_age = hours{1};
        auto& log = fixture.open();
        REQUIRE(append(log, numbered(1, 10)));
        fixture.wait_for_mark();
        auto const right = fixture.clock.now();
        fixture.clock.jump_to(right + hours{1000});
        REQUIRE(append(log, numbered(11, 20)));
        fixture.wait_for_mark();
        fixture.clock.jump_to(right + hours{1});
        fixture.let_it_sweep();
        REQUIRE(append(log, numbered(21, 30)));
        fixture.clock.advance(hours{1});
        CHECK(fixture.oldest_becomes(21));
    }

    TEST_CASE("without bounds notes nothing") {
        RetentionFixture fixture;
        auto& log = fixture.open();
        REQUIRE(append(log, numbered(1, 10)));
        fixture.let_it_sweep();
        auto database = io::Database::open(fixture.options.path, io::Database::Mode::ReadOnly, 1000);
        CHECK(*database->integer("SELECT count(*) FROM marks") == 0);
    }

    TEST_CASE("drops rows past their time from the disk") {
        RetentionFixture fixture;
        auto& log = fixture.open();
        auto const expires = fixture.clock.now() + hours{1};
        REQUIRE(log.commit_and_wait({
            .rows =
                {{.space = "s", .key = "short", .value = "v", .expires = expires},
                 {.space = "s", .key = "long", .value = "v"}},
        }));
        fixture.let_it_sweep();
        auto database = io::Database::open(fixture.options.path, io::Database::Mode::ReadOnly, 1000);
        CHECK(*database->integer("SELECT count(*) FROM rows") == 2);
        fixture.clock.advance(hours{1});
        CHECK(eventually([&] { return *database->integer("SELECT count(*) FROM rows") == 1; }));
        CHECK(*log.row("s", "long") == "v");
    }

    TEST_CASE("lets commits through between its steps") {
        RetentionFixture fixture;
        fixture.options.sweep_interval = hours{1};
        fixture.options.max_bytes = 1 << 20;
        auto& log = fixture.open();
        for (int i = 0; i < 20; ++i) REQUIRE(append(log, numbered(i * 2000 + 1, (i + 1) * 2000, 300)));
        // Appending alone starts it, and it ends though commits go on.
        int more = 50'000;
        REQUIRE(eventually([&] {
            ++more;
            return append(log, numbered(more, more)).has_value() && log.stats().bytes <= (1U << 20U);
        }));
        CHECK(read_all(log).back() == log.tail().last());
    }
}
