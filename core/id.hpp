#pragma once

#include "core/time.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace macp::core {

/// A UUIDv7 (RFC 9562): begins with the millisecond of `now`; rises within one thread even when the clock stands still.
/// Threads: safe from anywhere.
[[nodiscard]] std::string make_uuid7(Time now);

/// `bytes` random bytes from the system as lower-case hex. Throws std::system_error when the system has none.
[[nodiscard]] std::string random_hex(std::size_t bytes);

/// Compares in time that depends on the lengths only.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace macp::core
