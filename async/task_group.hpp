#pragma once

#include "async/timer.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <list>
#include <utility>

namespace macp::async {

/// Owns the coroutines of one service, so that none outlives what it refers to.
///
/// Lifetime: declare it as the last field; `drain()` must have completed, or the loop have stopped for good, before it
/// is destroyed. Threads: use from the loop's thread only.
class TaskGroup {
public:
    explicit TaskGroup(Executor executor) : executor_{executor}, changed_{executor, Timer::time_point::max()} {}

    /// Starts `task`. An exception that leaves it is a bug: it is logged, and the other tasks go on.
    void spawn(Task<> task) {
        auto const signal = signals_.emplace(signals_.end());
        asio::co_spawn(
            executor_, std::move(task),
            asio::bind_cancellation_slot(
                signal->slot(),
                [this, signal](std::exception_ptr const& error) {
                    log(error);
                    signals_.erase(signal);
                    if (signals_.empty()) changed_.cancel();
                }
            )
        );
    }

    [[nodiscard]] std::size_t size() const noexcept { return signals_.size(); }

    /// Waits up to `grace` for every task to end, then cancels the rest (terminally) and waits for those.
    [[nodiscard]] Task<> drain(std::chrono::steady_clock::duration grace) {
        changed_.expires_after(grace);
        if (!signals_.empty()) co_await changed_.async_wait(nothrow);
        // Emitting may end a task at once and so erase its signal: step first.
        for (auto it = signals_.begin(); it != signals_.end();) (it++)->emit(asio::cancellation_type::terminal);
        changed_.expires_at(Timer::time_point::max());
        if (!signals_.empty()) co_await changed_.async_wait(nothrow);
    }

private:
    static void log(std::exception_ptr const& error) {
        if (!error) return;
        try {
            std::rethrow_exception(error);
        } catch (std::exception const& bug) {
            spdlog::error("a task threw: {}", bug.what());
        }
    }

    Executor executor_;
    std::list<asio::cancellation_signal> signals_;
    Timer changed_;
};

}  // namespace macp::async
