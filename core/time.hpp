#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace macp::core {

/// A moment in UTC, to the microsecond.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

/// `2026-03-31T09:00:00Z`, with a fraction of three or six digits only when there is one.
[[nodiscard]] std::string format_time(Time time);
void append_time(std::string& out, Time time);

/// Reads RFC 3339 (any offset, `T` or a space, upper or lower case); finer fractions are cut. Nothing when it is not
/// one, or is no year from 0 to 9999 in UTC.
[[nodiscard]] std::optional<Time> parse_time(std::string_view text);

/// Where time comes from, so that tests can hold and move it. Threads: all members may be called from any thread.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Time now() const = 0;                                      ///< Wall clock; may jump.
    [[nodiscard]] virtual std::chrono::steady_clock::time_point steady() const = 0;  ///< Never goes back.
};

/// The machine's clocks.
class SystemClock final : public Clock {
public:
    [[nodiscard]] Time now() const override {
        return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::now();
    }
};

}  // namespace macp::core
