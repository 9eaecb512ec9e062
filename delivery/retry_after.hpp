#pragma once

#include "core/time.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace macp::delivery {

/// What a `Retry-After` header asks for: seconds, or a date in any of the three forms of HTTP (then the time from `now`
/// on, 0 when it has passed). Nothing when it is neither.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, core::Time now);

}  // namespace macp::delivery
