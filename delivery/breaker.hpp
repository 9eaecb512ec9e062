#pragma once

#include "delivery/instant.hpp"
#include "delivery/retry.hpp"
#include "delivery/sink.hpp"
#include "delivery/target_status.hpp"

#include <cstddef>

namespace macp::delivery {

/// Keeps a lane from hammering a target that does not work.
///
/// Opens after `failures_to_open` tries in a row that failed, or `refusals_to_open` parcels in a row that were refused
/// (one bad event says nothing of the target, a row of them does). Open: nothing is tried; after a pause one parcel
/// goes out as a probe. Its success closes the breaker, its failure doubles the pause (within the retry policy's cap).
/// What was in flight when it opened changes nothing, unless it succeeds.
class Breaker {
public:
    static constexpr std::size_t failures_to_open = 5;
    static constexpr std::size_t refusals_to_open = 20;

    /// What is written down, so that a restart goes on with the pause that it was in.
    struct Saved {
        std::size_t failures = 0;
        std::size_t refusals = 0;
        std::size_t openings = 0;  ///< In a row; 0: closed.
        core::Time probe_at{};
        bool operator==(Saved const&) const = default;
    };

    [[nodiscard]] BreakerState state() const noexcept { return state_; }
    [[nodiscard]] std::size_t failures() const noexcept { return failures_; }
    [[nodiscard]] SteadyTime probe_at() const noexcept { return probe_at_; }  ///< While it is open.

    /// The probe goes out. Only while it is open.
    void begin_probe() noexcept { state_ = BreakerState::HalfOpen; }
    /// The probe never went out, or was broken off by us.
    void abandon_probe() noexcept { state_ = BreakerState::Open; }
    /// A try has ended. Returns true when the breaker has opened, from closed.
    bool note(Outcome outcome, bool probe, RetryPolicy const& policy, SteadyTime now, double random);
    void reset() noexcept { *this = Breaker{}; }

    [[nodiscard]] Saved save(Instant const& now) const;
    void restore(Saved const& saved, Instant const& now);

private:
    bool open(RetryPolicy const& policy, SteadyTime now, double random);

    BreakerState state_ = BreakerState::Closed;
    std::size_t failures_ = 0;
    std::size_t refusals_ = 0;
    std::size_t openings_ = 0;
    SteadyTime probe_at_{};
};

}  // namespace macp::delivery
