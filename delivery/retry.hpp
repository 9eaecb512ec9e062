#pragma once

#include "delivery/target_config.hpp"

#include <chrono>
#include <cstddef>
#include <functional>

namespace macp::delivery {

/// Numbers from 0 to below 1. Threads: called from any loop.
using Random = std::function<double()>;

/// How long to wait after failure `failures` (from 1): base · 2^(failures-1), at most the cap, ±20 %.
/// `random`: from 0 to below 1.
[[nodiscard]] std::chrono::milliseconds retry_delay(RetryPolicy const& policy, std::size_t failures, double random);

/// From a generator of each thread's own.
[[nodiscard]] double random_fraction();

}  // namespace macp::delivery
