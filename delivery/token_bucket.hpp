#pragma once

#include "delivery/instant.hpp"

#include <algorithm>
#include <chrono>

namespace macp::delivery {

/// Lets so many things a second happen, and as many at once as a second has (one at the least).
class TokenBucket {
public:
    /// `per_second` 0: no limit.
    explicit TokenBucket(double per_second, SteadyTime now)
        : per_second_{per_second}, most_{std::max(1.0, per_second)}, tokens_{most_}, filled_at_{now} {}

    /// When the next one may happen; not after `now`: at once.
    [[nodiscard]] SteadyTime ready_at(SteadyTime now) const {
        if (per_second_ == 0) return now;
        auto const missing = std::max(0.0, 1 - tokens_at(now));
        // Rounded up: at that time there must be one.
        return now + std::chrono::ceil<std::chrono::microseconds>(std::chrono::duration<double>{missing / per_second_});
    }
    /// It happens. Only when it may.
    void take(SteadyTime now) {
        if (per_second_ == 0) return;
        tokens_ = std::max(0.0, tokens_at(now) - 1);
        filled_at_ = now;
    }

private:
    [[nodiscard]] double tokens_at(SteadyTime now) const {
        auto const passed = std::chrono::duration<double>{now - filled_at_}.count();
        return std::min(most_, tokens_ + passed * per_second_);
    }

    double per_second_;
    double most_;
    double tokens_;
    SteadyTime filled_at_;
};

}  // namespace macp::delivery
