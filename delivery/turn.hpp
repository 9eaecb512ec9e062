#pragma once

#include "async/timer.hpp"

#include <deque>

namespace macp::delivery {

/// Lets one coroutine at a time through. Threads: one loop's. Lifetime: outlives those who wait.
class Turn {
public:
    explicit Turn(async::Executor executor) : executor_{executor} {}

    /// Completes once nobody else is inside; `leave` follows.
    [[nodiscard]] async::Task<> enter() {
        while (taken_) {
            async::Timer waiting{executor_, async::Timer::time_point::max()};
            waiting_.push_back(&waiting);
            co_await waiting.async_wait(async::nothrow);
            std::erase(waiting_, &waiting);
        }
        taken_ = true;
    }
    void leave() {
        taken_ = false;
        if (!waiting_.empty()) waiting_.front()->cancel();
    }
    [[nodiscard]] bool taken() const noexcept { return taken_; }

private:
    async::Executor executor_;
    std::deque<async::Timer*> waiting_;
    bool taken_ = false;
};

}  // namespace macp::delivery
