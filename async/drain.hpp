#pragma once

#include "async/timer.hpp"

namespace macp::async {

/// Tells everyone on one loop that the process wants to stop. Threads: use from the loop's thread only.
class Drain {
public:
    explicit Drain(Executor executor) : wake_{executor, Timer::time_point::max()} {}

    /// Wakes every waiter; later waits return at once. Idempotent.
    void request() {
        requested_ = true;
        wake_.cancel();
    }

    [[nodiscard]] bool requested() const noexcept { return requested_; }

    /// Completes once `request()` has been called, or when the waiting coroutine is cancelled.
    [[nodiscard]] Task<> wait() {
        if (!requested_) co_await wake_.async_wait(nothrow);
    }

private:
    Timer wake_;
    bool requested_ = false;
};

}  // namespace macp::async
