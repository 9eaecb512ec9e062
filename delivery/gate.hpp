#pragma once

#include "delivery/breaker.hpp"
#include "delivery/lane_policy.hpp"
#include "delivery/token_bucket.hpp"

#include <optional>
#include <string_view>

namespace macp::delivery {

/// When a lane may send its next parcel, as far as its target is concerned: breaker, the target's own wish, rate.
/// Threads: one loop's.
class Gate {
public:
    struct Wait {
        std::optional<SteadyTime> until{};  ///< Nothing: for the probe that is out.
        std::string_view why{};
    };

    Gate(LanePolicy const& policy, SteadyTime now) : bucket_{policy.rate_per_second, now} {}

    [[nodiscard]] Breaker& breaker() noexcept { return breaker_; }
    [[nodiscard]] Breaker const& breaker() const noexcept { return breaker_; }

    /// Nothing: now. `in_flight`: parcels on their way.
    [[nodiscard]] std::optional<Wait> wait(SteadyTime now, std::size_t in_flight) const {
        if (hold_until_ > now) return Wait{.until = hold_until_, .why = "retry-after"};
        if (breaker_.state() == BreakerState::HalfOpen) return Wait{.why = "breaker"};
        if (breaker_.state() == BreakerState::Open) {
            if (breaker_.probe_at() > now) return Wait{.until = breaker_.probe_at(), .why = "breaker"};
            if (in_flight != 0) return Wait{.why = "breaker"};
        }
        auto const ready = bucket_.ready_at(now);
        if (ready > now) return Wait{.until = ready, .why = "rate"};
        return std::nullopt;
    }
    /// A parcel goes out. True when it is a probe.
    bool pass(SteadyTime now) {
        bucket_.take(now);
        if (breaker_.state() != BreakerState::Open) return false;
        breaker_.begin_probe();
        return true;
    }
    /// The target asks to be left alone.
    void hold(SteadyTime until) { hold_until_ = std::max(hold_until_, until); }
    [[nodiscard]] SteadyTime hold_until() const noexcept { return hold_until_; }
    /// As if nothing had ever failed.
    void open_wide() {
        breaker_.reset();
        hold_until_ = {};
    }

private:
    Breaker breaker_;
    TokenBucket bucket_;
    SteadyTime hold_until_{};
};

}  // namespace macp::delivery
