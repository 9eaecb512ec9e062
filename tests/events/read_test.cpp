#include "events/log_query.hpp"
#include "log_fixture.hpp"

#include <array>
#include <atomic>
#include <random>

using namespace macp;
using testing::event;
using testing::LogFixture;
using testing::numbered;
using testing::read_all;

namespace {

class Dice {
public:
    std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random_); }
    template <class List>
    auto const& one_of(List const& list) {
        return list[below(list.size())];
    }

private:
    std::mt19937 random_{7};
};

std::array<std::string, 7> const types{"task.new",      "task.done", "task.failed", "session.started",
                                       "session.ended", "chat",      "rare"};
std::array<std::string, 3> const sources{"/a", "/b/1", "/b/2"};
std::array<std::string, 4> const subjects{"", "T-1", "T-2", "s*r"};

core::NewEvent random_event(Dice& dice, int number) {
    auto made = event(
        std::to_string(number), types[dice.below(dice.below(50) == 0 ? 7 : 6)], sources[dice.below(std::size(sources))]
    );
    made.subject = subjects[dice.below(std::size(subjects))];
    made.data = R"({"n":)" + std::to_string(dice.below(5)) + R"(,"repo":"r)" + std::to_string(dice.below(3)) + "\"}";
    made.time = core::Time{std::chrono::seconds{number / 3}};
    return made;
}

core::Filter random_filter(Dice& dice) {
    static std::array<std::string, 7> const type_globs{"task.*", "rare",      "*",       "nothing",
                                                       "chat",   "*.started", "task.new"};
    static std::array<std::string, 5> const source_globs{"/b/*", "/a", "*", "/none", "/b/1"};
    static std::array<std::string, 6> const subject_globs{"T-1", "T-*", "", "none", "T-2", "T-1"};
    core::Filter filter;
    for (auto n = dice.below(3); n > 0; --n) filter.types.push_back(dice.one_of(type_globs));
    if (dice.below(3) == 0) filter.sources.push_back(dice.one_of(source_globs));
    if (dice.below(3) == 0) {
        for (auto n = dice.below(3); n > 0; --n) filter.subjects.push_back(dice.one_of(subject_globs));
    }
    if (dice.below(4) == 0) filter.where.emplace_back("n", std::to_string(dice.below(6)));
    if (dice.below(6) == 0) filter.where.emplace_back("repo", "r*");
    return filter;
}

std::string plan(LogFixture const& fixture, std::string const& sql) {
    auto database = io::Database::open(fixture.options.path, io::Database::Mode::ReadOnly, 1000);
    REQUIRE(database);
    auto explain = database->prepare("EXPLAIN QUERY PLAN " + sql);
    REQUIRE(explain);
    std::string text;
    while (*explain->step()) text += std::string{explain->text(3)} + '\n';
    return text;
}

}  // namespace

TEST_SUITE("read") {
    TEST_CASE("answers page by page what a look at every event would, whatever the filter and the limits") {
        LogFixture fixture;
        auto& log = fixture.open();
        Dice dice;
        std::vector<core::NewEvent> model;
        for (int i = 0; i < 2000; ++i) model.push_back(random_event(dice, i));
        REQUIRE(testing::append(log, model));

        for (int round = 0; round < 400; ++round) {
            auto const filter = random_filter(dice);
            events::ReadLimits const limits{
                .events = 1 + dice.below(300), .bytes = 200 + dice.below(50'000), .scan = 10 + dice.below(3000)
            };
            core::Seq const after = dice.below(2100);
            std::vector<core::Seq> expected;
            for (core::Seq seq = after + 1; seq <= model.size(); ++seq) {
                auto const& one = model[seq - 1];
                core::EventView const view{
                    .seq = seq, .source = one.source, .type = one.type, .subject = one.subject, .data = one.data
                };
                if (filter.matches(view)) expected.push_back(seq);
            }
            CAPTURE(filter.key());
            CAPTURE(after);
            REQUIRE(read_all(log, filter, limits, after) == expected);
        }
    }

    TEST_CASE("keeps a page within its limits, and says how far it looked") {
        LogFixture fixture;
        auto& log = fixture.open();
        REQUIRE(testing::append(log, numbered(1, 100, 1000)));
        REQUIRE(testing::append(log, {event("last", "rare")}));
        auto page = log.read(0, {}, {.events = 7});
        CHECK(page->events.size() == 7);
        CHECK(page->scanned == 7);
        CHECK(!page->end);
        CHECK(log.read(0, {}, {.bytes = 3000})->events.size() == 3);
        CHECK(log.read(0, {}, {.bytes = 1})->events.size() == 1);
        page = log.read(10, {.where = {{"n", "1"}}}, {.scan = 20});
        CHECK(page->events.empty());
        CHECK(page->scanned == 30);
        CHECK(!page->end);
        page = log.read(50, {.types = {"rare"}}, {});
        CHECK(page->events.size() == 1);
        CHECK(page->scanned == 101);
        CHECK(page->end);
        page = log.read(5, {}, {.until = 8});
        CHECK(page->events.last() == 8);
        CHECK(page->scanned == 8);
        CHECK(page->end);
        page = log.read(5, {}, {.events = 2, .until = 8});
        CHECK(page->scanned == 7);
        CHECK(!page->end);
        CHECK(log.read(8, {}, {.until = 8})->end);
        CHECK(log.read(5, {.types = {"none"}}, {.until = 8})->end);
        page = log.read(5, {}, {.until = 200});
        CHECK(page->scanned == 101);
        CHECK(page->end);
        page = log.read(101, {}, {});
        CHECK(page->events.empty());
        CHECK(page->end);
        CHECK(page->scanned == 101);
        CHECK(log.read(0, {.types = {"none"}}, {})->scanned == 101);
    }

    TEST_CASE("walks an index in order, without sorting, for types and for subjects") {
        LogFixture fixture;
        auto& log = fixture.open();
        REQUIRE(testing::append(log, {event("1", "a"), event("2", "b"), event("3", "c")}));
        events::Names names;
        names.add(1, "a");
        names.add(2, "b");
        names.add(3, "c");
        core::Filter const by_type{.types = {"*"}};
        auto const by_types = plan(fixture, events::LogQuery{by_type, names, names}.candidates());
        CHECK(by_types.find("TEMP B-TREE") == std::string::npos);
        CHECK(by_types.find("MERGE") != std::string::npos);
        CHECK(by_types.find("COVERING INDEX events_by_type (type_id=? AND seq>? AND seq<?)") != std::string::npos);
        core::Filter const by_subject{.types = {"a"}, .subjects = {"T-1"}};
        auto const by_subjects = plan(fixture, events::LogQuery{by_subject, names, names}.candidates());
        CHECK(by_subjects.find("TEMP B-TREE") == std::string::npos);
        CHECK(by_subjects.find("COVERING INDEX events_by_subject (subject=? AND seq>?") != std::string::npos);
        core::Filter const by_field{.where = {{"n", "1"}}};
        CHECK(events::LogQuery{by_field, names, names}.candidates().empty());
    }

    TEST_CASE("finds the position before a time") {
        LogFixture fixture;
        auto& log = fixture.open();
        auto const at = [](int second) { return core::Time{std::chrono::seconds{second}}; };
        CHECK(*log.before_time(at(0)) == 0);
        auto list = numbered(1, 5);
        for (std::size_t i = 0; i < list.size(); ++i) list[i].time = at(static_cast<int>(10 * (i + 1)));
        list.push_back(event("late"));
        list.back().time = at(35);  // told late: after the one of second 50
        REQUIRE(testing::append(log, std::move(list)));
        CHECK(*log.before_time(at(0)) == 0);
        CHECK(*log.before_time(at(20)) == 1);
        CHECK(*log.before_time(at(21)) == 2);
        CHECK(*log.before_time(at(32)) == 3);  // from the first in the log, not from the first by time
        CHECK(*log.before_time(at(51)) == 6);
    }

    TEST_CASE("never misses what the tail has, while others write and read") {
        LogFixture fixture;
        auto& log = fixture.open();
        std::atomic<bool> done{false};
        std::thread writer{[&] {
            for (int i = 0; i < 300; ++i) {
                // New names all the time: a reader must know them as soon as it can see their events.
                auto const name = std::to_string(i);
                if (!log.commit_and_wait({.events = {event(name, "type." + name, "/" + name)}})) break;
            }
            done = true;
        }};
        std::vector<std::thread> readers;
        std::atomic<int> wrong{0};
        for (auto const& glob : {"type.*", "*.*"}) {
            readers.emplace_back([&, glob] {
                core::Filter const filter{.types = {glob}, .sources = {"/*"}};
                core::Seq after = 0;
                while (after < 300 && (!done || log.tail().last() >= 300)) {
                    auto const last = log.tail().last();
                    auto const page = log.read(after, filter, {});
                    if (!page || page->scanned < last || page->events.size() != page->scanned - after) {
                        ++wrong;
                        return;
                    }
                    after = page->scanned;
                }
            });
        }
        writer.join();
        for (auto& reader : readers) reader.join();
        CHECK(wrong == 0);
        CHECK(log.tail().last() == 300);
    }
}
