#include "async/worker_pool.hpp"

#include "support/run.hpp"

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

#include <list>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace macp::async;
namespace core = macp::core;

namespace {

struct Threads {
    std::thread::id before;
    std::thread::id job;
    std::thread::id after;
};

Task<Threads> note_threads(WorkerPool& pool) {
    Threads seen{};
    seen.before = std::this_thread::get_id();
    auto job = [&seen]() -> core::Result<int> {
        seen.job = std::this_thread::get_id();
        return 42;
    };
    auto const answer = co_await pool.run(std::move(job));
    seen.after = std::this_thread::get_id();
    CHECK(answer == 42);
    co_return seen;
}

Task<core::Result<int>> run_failing(WorkerPool& pool) {
    auto job = []() -> core::Result<int> { return core::fail(core::ErrorCode::StorageFull, "full"); };
    co_return co_await pool.run(std::move(job));
}

Task<core::Result<int>> run_throwing(WorkerPool& pool) {
    auto job = []() -> core::Result<int> { throw std::runtime_error{"secret detail"}; };
    co_return co_await pool.run(std::move(job));
}

Task<core::Result<int>> run_move_only(WorkerPool& pool) {
    auto job = [owned = std::make_unique<int>(7)]() -> core::Result<int> { return *owned; };
    co_return co_await pool.run(std::move(job));
}

}  // namespace

TEST_SUITE("worker pool") {
    TEST_CASE("runs the job on a thread of its own and answers on the loop") {
        asio::io_context loop{1};  // outlives the pool: a thread of it may still be inside its post
        WorkerPool pool{"test", 2};
        auto const seen = macp::testing::run_on(loop, note_threads(pool));
        CHECK(seen.before == std::this_thread::get_id());
        CHECK(seen.after == seen.before);
        CHECK(seen.job != seen.before);
        CHECK(pool.depth() == 0);
    }

    TEST_CASE("hands on what the job fails with") {
        asio::io_context loop{1};  // outlives the pool: a thread of it may still be inside its post
        WorkerPool pool{"test", 1};
        auto const answer = macp::testing::run_on(loop, run_failing(pool));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == core::ErrorCode::StorageFull);
    }

    TEST_CASE("turns a throwing job into Internal without telling what it threw") {
        spdlog::set_level(spdlog::level::off);
        asio::io_context loop{1};  // outlives the pool: a thread of it may still be inside its post
        WorkerPool pool{"test", 1};
        auto const answer = macp::testing::run_on(loop, run_throwing(pool));
        spdlog::set_level(spdlog::level::info);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == core::ErrorCode::Internal);
        CHECK(answer.error().message.find("secret") == std::string::npos);
    }

    TEST_CASE("takes jobs that can only be moved") {
        asio::io_context loop{1};  // outlives the pool: a thread of it may still be inside its post
        WorkerPool pool{"test", 1};
        CHECK(macp::testing::run_on(loop, run_move_only(pool)) == 7);
    }

    TEST_CASE("serves many loops at once") {
        std::list<asio::io_context> loops;  // they outlive the pool: a thread of it may still be inside its post
        WorkerPool pool{"test", 3};
        std::atomic<int> right{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&right, &pool, &loop = loops.emplace_back(1)] {
                for (int round = 0; round < 50; ++round) {
                    if (macp::testing::run_on(loop, run_move_only(pool)) == 7) ++right;
                }
            });
        }
        for (auto& thread : threads) thread.join();
        CHECK(right == 200);
    }

    TEST_CASE("can be thrown away at once") {
        for (int i = 0; i < 50; ++i) WorkerPool const pool{"test", 4};
    }
}
