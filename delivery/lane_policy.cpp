#include "delivery/lane_policy.hpp"

#include <cmath>

namespace macp::delivery {
namespace {

std::chrono::milliseconds milliseconds_of(double seconds) {
    return std::chrono::milliseconds{std::llround(seconds * 1000)};
}

}  // namespace

LanePolicy policy_of(TargetConfig const& target) {
    bool const batch = target.format == Format::Batch;
    return {
        .filter = target.filter(),
        .ordering = target.ordering,
        .concurrency = target.ordering == Ordering::Target ? 1 : target.concurrency,
        .parcel_events = batch ? target.batch_events : 1,
        .parcel_bytes = batch ? target.batch_bytes : 0,
        .retry = target.retry,
        .rate_per_second = target.rate_per_second,
        .max_age = milliseconds_of(target.max_age_seconds),
        .disable_after = milliseconds_of(target.disable_after_seconds),
        .enabled = target.enabled,
    };
}

}  // namespace macp::delivery
