#include "delivery/breaker.hpp"

namespace macp::delivery {
namespace {

/// The first pause is longer than a first retry: it takes a row of failures to get here.
constexpr std::size_t head_start = 2;

}  // namespace

bool Breaker::note(Outcome outcome, bool probe, RetryPolicy const& policy, SteadyTime now, double random) {
    if (outcome == Outcome::Delivered) {
        reset();
        return false;
    }
    if (state_ != BreakerState::Closed && !probe) return false;
    if (outcome == Outcome::Retry) {
        ++failures_;
        bool const again = state_ != BreakerState::Closed;
        return (again || failures_ >= failures_to_open) && open(policy, now, random);
    }
    failures_ = 0;  // it has answered, after all
    ++refusals_;
    if (refusals_ >= refusals_to_open) return open(policy, now, random);
    state_ = BreakerState::Closed;
    openings_ = 0;
    return false;
}

bool Breaker::open(RetryPolicy const& policy, SteadyTime now, double random) {
    bool const from_closed = openings_ == 0;
    ++openings_;
    state_ = BreakerState::Open;
    probe_at_ = now + retry_delay(policy, openings_ + head_start, random);
    return from_closed;
}

Breaker::Saved Breaker::save(Instant const& now) const {
    return {
        .failures = failures_,
        .refusals = refusals_,
        .openings = openings_,
        .probe_at = openings_ == 0 ? core::Time{} : now.wall_at(probe_at_),
    };
}

void Breaker::restore(Saved const& saved, Instant const& now) {
    failures_ = saved.failures;
    refusals_ = saved.refusals;
    openings_ = saved.openings;
    state_ = openings_ == 0 ? BreakerState::Closed : BreakerState::Open;
    probe_at_ = now.steady_at(saved.probe_at);
}

}  // namespace macp::delivery
