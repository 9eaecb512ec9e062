#include "log_fixture.hpp"

#include <algorithm>
#include <atomic>

using namespace macp;
using testing::event;
using testing::LogFixture;
using testing::numbered;
using testing::read_all;

TEST_SUITE("group commit") {
    TEST_CASE("makes one transaction of what gathered while the last one ran") {
        LogFixture fixture;
        auto& log = fixture.open();
        testing::Gate gate{log};
        std::atomic<int> answered{0};
        for (int i = 0; i < 100; ++i) {
            log.commit({.events = {event(std::to_string(i))}}, [&](auto const& result) { answered += result ? 1 : 0; });
        }
        gate.open();
        REQUIRE(testing::eventually([&] { return answered == 100; }));
        CHECK(log.stats().commits == 2);
        CHECK(log.tail().after(1).size() == 1);
        CHECK(log.tail().last() == 101);
    }

    TEST_CASE("gives threads that commit at once positions of their own, in fewer transactions than commits") {
        LogFixture fixture;
        fixture.options.full_sync = true;
        auto& log = fixture.open();
        constexpr int threads = 8;
        constexpr int each = 100;
        std::vector<std::vector<core::Seq>> seqs(threads);
        std::vector<std::thread> crowd;
        for (int t = 0; t < threads; ++t) {
            crowd.emplace_back([&, t] {
                for (int i = 0; i < each; ++i) {
                    auto const id = std::to_string(t) + '-' + std::to_string(i);
                    auto const done = log.commit_and_wait({.events = {event(id)}});
                    if (done) seqs[static_cast<std::size_t>(t)].push_back(done->seqs.front());
                }
            });
        }
        for (auto& thread : crowd) thread.join();
        std::vector<core::Seq> all;
        for (auto const& own : seqs) {
            CHECK(std::ranges::is_sorted(own));
            all.insert(all.end(), own.begin(), own.end());
        }
        std::ranges::sort(all);
        REQUIRE(all.size() == threads * each);
        CHECK(all.front() == 1);
        CHECK(all.back() == threads * each);
        CHECK(std::ranges::adjacent_find(all) == all.end());
        CHECK(read_all(log) == all);
        CHECK(log.stats().commits < threads * each);
    }

    TEST_CASE("splits what one transaction publishes into chunks of about a megabyte") {
        LogFixture fixture;
        auto& log = fixture.open();
        REQUIRE(testing::append(log, numbered(1, 30, 100'000)));
        auto const chunks = log.tail().after(0);
        CHECK(chunks.size() == 3);
        for (auto const& chunk : chunks) CHECK(chunk->bytes() < (2U << 20U));
    }

    TEST_CASE("refuses at once, with a time to come back, when the queue is full, and takes more when it is not") {
        LogFixture fixture;
        fixture.options.queue_bytes = 20'000;
        auto& log = fixture.open();
        testing::Gate gate{log};
        int refused = 0;
        std::atomic<int> stored{0};
        for (int i = 0; i < 5; ++i) {
            log.commit({.events = numbered(i, i, 8000)}, [&](core::Result<events::CommitResult> const& result) {
                if (result) {
                    ++stored;
                    return;
                }
                CHECK(result.error().code == core::ErrorCode::Overloaded);
                CHECK(result.error().retry_after.count() == 1);
                ++refused;
            });
        }
        CHECK(refused == 3);
        auto const stats = log.stats();
        CHECK(stats.queue_bytes > 16'000);
        CHECK(stats.queue_bytes <= stats.queue_limit_bytes);
        CHECK(stats.queue_high_bytes == stats.queue_bytes);
        gate.open();
        REQUIRE(testing::eventually([&] { return stored == 2; }));
        CHECK(log.stats().queue_bytes == 0);
        CHECK(testing::append(log, numbered(9, 9, 50'000)).has_value());  // an empty queue takes anything
    }

    TEST_CASE("commits what is queued before the log goes away") {
        LogFixture fixture;
        auto& log = fixture.open();
        auto gate = std::make_unique<testing::Gate>(log);
        std::atomic<int> answered{0};
        for (int i = 0; i < 50; ++i) {
            log.commit({.events = {event(std::to_string(i))}}, [&](auto const& result) { answered += result ? 1 : 0; });
        }
        std::thread opener{[&] { gate->open(); }};
        fixture.log.reset();
        opener.join();
        CHECK(answered == 50);
        CHECK(read_all(fixture.open()).size() == 51);
    }

    TEST_CASE("may be asked for the next commit from a callback") {
        LogFixture fixture;
        auto& log = fixture.open();
        std::promise<core::Result<events::CommitResult>> second;
        log.commit({.events = {event("1")}}, [&](auto const&) {
            log.commit({.events = {event("2")}}, [&](auto result) { second.set_value(std::move(result)); });
        });
        CHECK(second.get_future().get()->seqs == std::vector<core::Seq>{2});
    }
}
