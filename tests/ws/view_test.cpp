#include "ws/view.hpp"

#include "ws/ring_fixture.hpp"

#include <doctest/doctest.h>

#include <numeric>
#include <random>

using namespace macp;
using testing::RingFixture;
using ws::Format;

namespace {

std::string text_of(std::vector<ws::Run> const& runs) {
    std::string text;
    for (auto const& run : runs) text.append(run.data, run.size);
    return text;
}

/// Everything after `after`, asked for in small portions.
std::string read_all(RingFixture const& fixture, core::Seq after, std::size_t max_bytes, std::size_t max_runs) {
    std::string text;
    while (true) {
        std::vector<ws::Run> runs;
        auto const reach = fixture.view.collect(after, max_bytes, max_runs, runs);
        if (runs.empty()) {
            CHECK(reach == fixture.view.last());
            return text;
        }
        REQUIRE(reach > after);
        text += text_of(runs);
        after = reach;
    }
}

core::Filter types(std::vector<std::string> globs) {
    return {.types = std::move(globs)};
}

}  // namespace

TEST_SUITE("ring") {
    TEST_CASE("keeps the newest events within its bound and knows the oldest") {
        RingFixture fixture{Format::Macp, {}, std::size_t{1} << 20};
        std::string const data = "\"" + std::string(10'000, 'x') + "\"";
        for (int i = 0; i < 500; ++i) fixture.add("a", data);
        CHECK(fixture.ring.last() == 500);
        CHECK(fixture.ring.bytes() <= (std::size_t{1} << 20));
        CHECK(fixture.ring.first() > 1);
        auto const run = fixture.ring.run_after(fixture.ring.first() - 1, 500, 1);
        CHECK(run.first == fixture.ring.first());
        CHECK(run.last == run.first);
    }

    TEST_CASE("holds an event that is larger than its bound") {
        RingFixture fixture{Format::Macp, {}, 1000};
        fixture.add("a", "\"" + std::string(100'000, 'x') + "\"");
        CHECK(fixture.ring.first() == 1);
        CHECK(read_all(fixture, 0, 1, 1) == fixture.expected(0));
    }

    TEST_CASE("says which event a cut falls into and how much of it is left") {
        RingFixture fixture{Format::Macp, {}};
        for (int i = 0; i < 10; ++i) fixture.add("a");
        auto const run = fixture.ring.run_after(0, 10, 1 << 20);
        auto const one = run.size / 10;
        CHECK(fixture.ring.cut_at(run, one + 1).seq == 2);
        CHECK(fixture.ring.cut_at(run, one + 1).remaining == one - 1);
        CHECK(fixture.ring.cut_at(run, one).seq == 2);  // at a boundary: the next one, whole
        CHECK(fixture.ring.cut_at(run, one).remaining == one);
    }
}

TEST_SUITE("view") {
    TEST_CASE("hands out every passing event once and in order, in whatever portions") {
        std::mt19937 random{7};
        for (auto const& filter :
             {core::Filter{}, types({"task.*"}), types({"nothing"}), core::Filter{.where = {{"n", "1"}}}}) {
            RingFixture fixture{Format::Macp, filter};
            for (int i = 0; i < 3000; ++i) {
                fixture.add(random() % 3 == 0 ? "task.done" : "other", R"({"n":)" + std::to_string(random() % 4) + "}");
            }
            for (core::Seq const after :
                 {core::Seq{0}, core::Seq{1}, core::Seq{1500}, core::Seq{2999}, core::Seq{3000}}) {
                CAPTURE(after);
                auto const expected = fixture.expected(after);
                CHECK(read_all(fixture, after, 1, 1) == expected);
                CHECK(read_all(fixture, after, 2000, 3) == expected);
                CHECK(read_all(fixture, after, 1 << 20, 64) == expected);
            }
        }
    }

    TEST_CASE("moves a reader past events that do not concern it") {
        RingFixture fixture{Format::Macp, types({"task.*"})};
        for (int i = 0; i < 100; ++i) fixture.add("other");
        std::vector<ws::Run> runs;
        CHECK(fixture.view.collect(0, 1 << 20, 64, runs) == 100);
        CHECK(runs.empty());
    }

    TEST_CASE("begins where it was made: what came before is for the log to tell") {
        RingFixture fixture{Format::Macp, {}};
        fixture.add("task.a");
        ws::View late{fixture.ring, types({"task.*"})};
        CHECK(late.first() == 2);
        ws::View everything{fixture.ring, {}};
        CHECK(everything.first() == 1);
    }

    TEST_CASE("forgets what the ring has dropped") {
        RingFixture fixture{Format::Macp, types({"a"}), std::size_t{512} << 10};
        std::string const data = "\"" + std::string(10'000, 'x') + "\"";
        for (int i = 0; i < 300; ++i) fixture.add("a", data);
        CHECK(fixture.view.first() == fixture.ring.first());
        CHECK(read_all(fixture, fixture.view.first() - 1, 1 << 20, 64) == fixture.expected(fixture.view.first() - 1));
    }
}

TEST_SUITE("view index") {
    TEST_CASE("reaches views by subject, by field and by type, each once, and lets go of them") {
        ws::Ring ring{Format::Macp, "epoch", 0, 1 << 20};
        ws::View by_subject{ring, {.subjects = {"T-1"}}};
        ws::View by_field{ring, {.types = {"task.*"}, .where = {{"repo", "x"}}}};
        ws::View by_type{ring, types({"task.done"})};
        ws::View by_glob{ring, {.where = {{"repo", "*"}}}};
        ws::ViewIndex index;
        for (auto* const view : {&by_subject, &by_field, &by_type, &by_glob}) index.add(*view);

        auto const deliver = [&](std::string type, std::string subject, std::string data) {
            events::Chunk chunk;
            chunk.append(
                ring.last() + 1, {.id = "i",
                                  .source = "/s",
                                  .type = std::move(type),
                                  .subject = std::move(subject),
                                  .data = std::move(data)}
            );
            ring.append(chunk[0]);
            index.deliver(chunk[0]);
        };
        auto const count = [](ws::View const& view) {
            std::vector<ws::Run> runs;
            static_cast<void>(view.collect(0, 1 << 20, 64, runs));
            return std::accumulate(runs.begin(), runs.end(), core::Seq{0}, [](auto sum, auto const& run) {
                return sum + run.last - run.first + 1;
            });
        };
        deliver("task.done", "T-1", R"({"repo":"x"})");
        deliver("task.done", "T-2", R"({"repo_name":"x"})");
        deliver("other", "T-1", R"({"repo":"y"})");
        deliver("other", "", "");
        CHECK(count(by_subject) == 2);
        CHECK(count(by_field) == 2);
        CHECK(count(by_type) == 2);
        CHECK(count(by_glob) == 3);

        for (auto* const view : {&by_subject, &by_field, &by_type, &by_glob}) index.remove(*view);
        deliver("task.done", "T-1", R"({"repo":"x"})");
        CHECK(count(by_subject) == 2);
        CHECK(count(by_field) == 2);
        CHECK(count(by_type) == 2);
        CHECK(count(by_glob) == 3);
    }
}
