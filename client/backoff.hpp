#pragma once

#include <chrono>
#include <functional>

namespace macp::client {

struct BackoffOptions {
    std::chrono::milliseconds base{200};
    std::chrono::milliseconds cap{30'000};
    std::function<double()> random{};  ///< In [0, 1); empty: a generator of this thread. Tests put a fixed one here.
};

/// How long to wait before trying again: exponential with full jitter, so that a crowd that lost its server together
/// does not come back together. Threads: one at a time.
class Backoff {
public:
    explicit Backoff(BackoffOptions options);

    /// A random part of `base`, then of twice that, and so on up to `cap`.
    [[nodiscard]] std::chrono::milliseconds next();
    /// The last try was a success.
    void reset() noexcept { ceiling_ = options_.base; }

private:
    BackoffOptions options_;
    std::chrono::milliseconds ceiling_;
};

}  // namespace macp::client
