#include "async/task_group.hpp"

#include "async/drain.hpp"
#include "support/run.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace std::chrono_literals;
using namespace macp::async;

namespace {

struct Gate {
    explicit Gate(Executor executor) : timer{executor, Timer::time_point::max()} {}
    Timer timer;
    int passed = 0;
    int cancelled = 0;
};

Task<> wait_at(Gate& gate) {
    co_await gate.timer.async_wait(nothrow);
    auto const state = co_await asio::this_coro::cancellation_state;
    (state.cancelled() == asio::cancellation_type::none ? gate.passed : gate.cancelled) += 1;
}

Task<> throw_bug() {
    throw std::runtime_error{"a bug"};
    co_return;
}

Task<bool> drain_group(TaskGroup& group, std::chrono::steady_clock::duration grace) {
    co_await group.drain(grace);
    co_return group.size() == 0;
}

Task<bool> wait_for_drain(Drain& drain) {
    co_await drain.wait();
    co_return drain.requested();
}

}  // namespace

TEST_SUITE("task group") {
    TEST_CASE("drains at once when it is empty") {
        asio::io_context loop{1};
        TaskGroup group{loop.get_executor()};
        CHECK(macp::testing::run_on(loop, drain_group(group, 1h)));
    }

    TEST_CASE("waits for its tasks to end by themselves within the grace") {
        asio::io_context loop{1};
        Gate gate{loop.get_executor()};
        TaskGroup group{loop.get_executor()};
        for (int i = 0; i < 3; ++i) group.spawn(wait_at(gate));
        loop.poll();
        CHECK(group.size() == 3);
        asio::post(loop, [&gate] { gate.timer.cancel(); });
        CHECK(macp::testing::run_on(loop, drain_group(group, 1h)));
        CHECK(gate.passed == 3);
        CHECK(gate.cancelled == 0);
    }

    TEST_CASE("cancels those that outstay the grace, and waits for them") {
        asio::io_context loop{1};
        Gate gate{loop.get_executor()};
        TaskGroup group{loop.get_executor()};
        for (int i = 0; i < 100; ++i) group.spawn(wait_at(gate));
        loop.poll();
        CHECK(macp::testing::run_on(loop, drain_group(group, 1ms)));
        CHECK(gate.passed == 0);
    }

    TEST_CASE("survives a task that throws") {
        asio::io_context loop{1};
        Gate gate{loop.get_executor()};
        TaskGroup group{loop.get_executor()};
        spdlog::set_level(spdlog::level::off);
        group.spawn(wait_at(gate));
        group.spawn(throw_bug());
        loop.poll();
        spdlog::set_level(spdlog::level::info);
        CHECK(group.size() == 1);
        CHECK(macp::testing::run_on(loop, drain_group(group, 1ms)));
    }

    TEST_CASE("may be thrown away with its loop while tasks wait") {
        asio::io_context loop{1};
        Gate gate{loop.get_executor()};
        TaskGroup group{loop.get_executor()};
        group.spawn(wait_at(gate));
        loop.poll();
        CHECK(group.size() == 1);
    }
}

TEST_SUITE("drain") {
    TEST_CASE("wakes those who wait, and does not hold those who come later") {
        asio::io_context loop{1};
        Drain drain{loop.get_executor()};
        asio::post(loop, [&drain] { drain.request(); });
        CHECK(macp::testing::run_on(loop, wait_for_drain(drain)));
        drain.request();
        CHECK(macp::testing::run_on(loop, wait_for_drain(drain)));
    }
}
