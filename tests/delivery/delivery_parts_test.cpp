#include "delivery/attempt_history.hpp"
#include "delivery/breaker.hpp"
#include "delivery/lane_record.hpp"
#include "delivery/retry.hpp"
#include "delivery/retry_after.hpp"
#include "delivery/token_bucket.hpp"
#include "engine.hpp"

#include <doctest/doctest.h>

using namespace macp;
using namespace std::chrono_literals;
using delivery::AttemptHistory;
using delivery::AttemptRecord;
using delivery::Breaker;
using delivery::BreakerState;
using delivery::Instant;
using delivery::Outcome;
using delivery::RetryPolicy;
using delivery::SteadyTime;

TEST_SUITE("back-off") {
    TEST_CASE("doubles from the base to the cap, give or take a fifth") {
        RetryPolicy const policy{.count = 8, .base_seconds = 2, .cap_seconds = 10};
        CHECK(retry_delay(policy, 1, 0.5) == 2s);
        CHECK(retry_delay(policy, 2, 0.5) == 4s);
        CHECK(retry_delay(policy, 3, 0.5) == 8s);
        CHECK(retry_delay(policy, 4, 0.5) == 10s);
        CHECK(retry_delay(policy, 1'000'000, 0.5) == 10s);
        CHECK(retry_delay(policy, 1, 0) == 1600ms);
        CHECK(retry_delay(policy, 1, 0.9999999) == 2400ms);
        for (int i = 0; i < 1000; ++i) {
            auto const delay = retry_delay(policy, 1, delivery::random_fraction());
            CHECK((delay >= 1600ms && delay <= 2400ms));
        }
    }

    TEST_CASE("reads Retry-After in all of its forms, and nothing else") {
        auto const now = *core::parse_time("1994-11-06T08:49:00Z");
        CHECK(delivery::parse_retry_after("120", now) == 120s);
        CHECK(delivery::parse_retry_after(" 0 ", now) == 0s);
        CHECK(delivery::parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now) == 37s);
        CHECK(delivery::parse_retry_after("Sunday, 06-Nov-94 08:49:37 GMT", now) == 37s);
        CHECK(delivery::parse_retry_after("Sun Nov  6 08:49:37 1994", now) == 37s);
        CHECK(delivery::parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now) == 0s);
        CHECK(delivery::parse_retry_after("99999999999999999999999", now) == std::chrono::days{365});
        for (auto const* const bad : {"", "soon", "-1", "1.5", "Sun, 36 Nov 1994 08:49:37 GMT", "6 Nov 1994"})
            CHECK_FALSE(delivery::parse_retry_after(bad, now));
    }
}

TEST_SUITE("breaker") {
    RetryPolicy const policy{.count = 8, .base_seconds = 1, .cap_seconds = 60};
    SteadyTime const now{1h};

    TEST_CASE("opens at the fifth failure in a row, and pauses longer after each failed probe") {
        Breaker breaker;
        for (int i = 0; i < 4; ++i) CHECK_FALSE(breaker.note(Outcome::Retry, false, policy, now, 0.5));
        breaker.note(Outcome::Delivered, false, policy, now, 0.5);
        for (int i = 0; i < 4; ++i) CHECK_FALSE(breaker.note(Outcome::Retry, false, policy, now, 0.5));
        CHECK(breaker.note(Outcome::Retry, false, policy, now, 0.5));
        CHECK(breaker.probe_at() == now + 4s);
        breaker.note(Outcome::Retry, false, policy, now + 1s, 0.5);  // was in flight
        CHECK(breaker.probe_at() == now + 4s);
        for (auto const pause : {8s, 16s, 32s, 60s, 60s}) {
            breaker.begin_probe();
            CHECK(breaker.state() == BreakerState::HalfOpen);
            CHECK_FALSE(breaker.note(Outcome::Retry, true, policy, now, 0.5));
            CHECK(breaker.state() == BreakerState::Open);
            CHECK(breaker.probe_at() == now + pause);
        }
        breaker.begin_probe();
        breaker.note(Outcome::Delivered, true, policy, now, 0.5);
        CHECK(breaker.state() == BreakerState::Closed);
        CHECK(breaker.failures() == 0);
    }

    TEST_CASE("takes a refusal for a sign of life, and a row of them for a sign that something is wrong") {
        Breaker breaker;
        for (int i = 0; i < 4; ++i) breaker.note(Outcome::Retry, false, policy, now, 0.5);
        breaker.note(Outcome::Refused, false, policy, now, 0.5);
        CHECK(breaker.failures() == 0);
        for (int i = 0; i < 18; ++i) CHECK_FALSE(breaker.note(Outcome::Refused, false, policy, now, 0.5));
        CHECK(breaker.note(Outcome::Refused, false, policy, now, 0.5));
        CHECK(breaker.state() == BreakerState::Open);
    }
}

TEST_SUITE("rate") {
    TEST_CASE("lets a second's worth through at once, then one at a time") {
        SteadyTime now{1h};
        delivery::TokenBucket bucket{10, now};
        for (int i = 0; i < 10; ++i) {
            CHECK(bucket.ready_at(now) == now);
            bucket.take(now);
        }
        CHECK(bucket.ready_at(now) == now + 100ms);
        now += 100ms;
        CHECK(bucket.ready_at(now) == now);
        bucket.take(now);
        CHECK(bucket.ready_at(now) > now);
        delivery::TokenBucket slow{0.1, now};
        slow.take(now);
        CHECK(slow.ready_at(now) == now + 10s);
        delivery::TokenBucket endless{0, now};
        for (int i = 0; i < 1000; ++i) endless.take(now);
        CHECK(endless.ready_at(now) == now);
    }
}

TEST_SUITE("what a lane keeps") {
    TEST_CASE("is read back as it was written") {
        auto const time = *core::parse_time("2026-03-31T09:00:00.5Z");
        delivery::LaneRecord record{
            .progress =
                {.after = 9,
                 .open = {{.seq = 3}, {.seq = 5, .tries = 2, .counted = 1, .next = time, .first_failed = time}}},
            .start = 2,
            .paused = time,
            .disabled = delivery::Disabled{.since = time, .why = "gone"},
            .failing_since = time,
            .announced = true,
            .breaker = {.failures = 5, .refusals = 1, .openings = 2, .probe_at = time},
            .hold_until = time,
            .missed = core::Gap{.from = 1, .to = 2, .why = "retention"},
            .dead_letters = 4,
            .history_slot = 77,
        };
        record.errands.push_back({.until = 8, .types = {"a.*"}, .progress = {.after = 1}});
        record.errands.push_back({.kind = delivery::Errand::Kind::Redelivery, .until = 8, .chosen = {4, 6}});
        auto const read = delivery::parse_lane_record(to_text(record));
        REQUIRE(read.has_value());
        CHECK(to_text(*read) == to_text(record));
        CHECK(read->progress == record.progress);
        CHECK(read->errands == record.errands);
        CHECK(read->breaker == record.breaker);
        CHECK(read->holds() == 1);
        CHECK_FALSE(delivery::parse_lane_record("[]").has_value());
    }

    TEST_CASE("is short while all is well") {
        CHECK(to_text(delivery::LaneRecord{.progress = {.after = 12}}) == R"({"after":12})");
    }

    TEST_CASE("keeps the history within its bound, and finds the tries of one event in it") {
        testing::Engine engine;
        engine.open_log();
        std::uint64_t slot = 0;
        AttemptHistory history{"t", slot};
        core::Seq seq = 0;
        auto const add = [&](std::size_t count) {
            for (std::size_t i = 0; i < count; ++i) {
                history.add(
                    {.seq = ++seq,
                     .time = engine.clock.now(),
                     .outcome = Outcome::Delivered,
                     .status = 200,
                     .answer = "same"}
                );
            }
            events::Commit commit;
            slot = history.write(commit.rows, engine.clock.now());
            REQUIRE(engine.log->commit_and_wait(std::move(commit)).has_value());
            history.written();
        };
        for (int i = 0; i < 100; ++i) add(1 + static_cast<std::size_t>(i) % 7);
        history.add(
            {.seq = 5,
             .time = engine.clock.now() + 1s,
             .status = 500,
             .number = 2,
             .error = "tab\tand\nline",
             .answer = "x"}
        );
        add(0);
        auto const of_five = delivery::read_attempts_of(*engine.log, "t", 5);
        REQUIRE(of_five.has_value());
        REQUIRE(of_five->size() == 2);
        CHECK((*of_five)[0].answer == "same");
        CHECK((*of_five)[1].error == "tab\tand\nline");
        CHECK((*of_five)[1].number == 2);
        auto const newest = delivery::read_attempts(*engine.log, "t", {.slot = slot}, 3);
        REQUIRE(newest.has_value());
        REQUIRE(newest->records.size() == 3);
        CHECK(newest->records[0].seq == 5);
        CHECK(newest->records[1].seq == seq);
        CHECK(newest->records[2].seq == seq - 1);
        REQUIRE(newest->next.has_value());
        auto const before = delivery::read_attempts(*engine.log, "t", *newest->next, 1000);
        REQUIRE(before.has_value());
        CHECK(before->records.size() == seq - 2);  // all the others, the second try of event 5 aside
        CHECK(before->records.front().seq == seq - 2);
        CHECK_FALSE(before->next.has_value());

        AttemptHistory again{"t", slot};  // after a restart
        auto const slots_before = slot;
        for (int i = 0; i < 600; ++i) {
            for (int j = 0; j < 300; ++j) again.add({.seq = ++seq, .time = engine.clock.now(), .status = 200});
            events::Commit commit;
            slot = again.write(commit.rows, engine.clock.now());
            engine.log->commit(std::move(commit), [](auto const&) {});
            again.written();
        }
        CHECK(slot > slots_before);
        REQUIRE(engine.log->commit_and_wait({}).has_value());
        CHECK(engine.log->rows(delivery::attempts_space("t"), {}, 10'000)->size() == AttemptHistory::slots);
        auto const late = delivery::read_attempts(*engine.log, "t", {.slot = slot}, 1000);
        REQUIRE(late->records.size() == 1000);
        CHECK(late->records.front().seq == seq);
        CHECK(late->records.back().seq == seq - 999);
    }
}
