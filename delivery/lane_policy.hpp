#pragma once

#include "delivery/target_config.hpp"

#include <chrono>
#include <cstddef>

namespace macp::delivery {

/// What a lane has to know of its target, whatever the way out is.
struct LanePolicy {
    core::Filter filter{};
    Ordering ordering = Ordering::Target;
    std::size_t concurrency = 1;  ///< Parcels in flight.
    std::size_t parcel_events = 1;
    std::size_t parcel_bytes = 0;  ///< Above it a parcel takes no second event.
    RetryPolicy retry{};
    double rate_per_second = 0;                  ///< Parcels; 0: no limit.
    std::chrono::milliseconds max_age{0};        ///< From the first failed try on; 0: no limit.
    std::chrono::milliseconds disable_after{0};  ///< Without a delivery, from the first failed try on; 0: never.
    bool enabled = true;
};

[[nodiscard]] LanePolicy policy_of(TargetConfig const& target);

}  // namespace macp::delivery
