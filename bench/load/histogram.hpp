#pragma once

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <cstdint>

namespace macp::bench {

/// Counts durations with a relative error below 2 %, in constant memory.
class Histogram {
public:
    /// Negative values count as 0.
    void record(std::int64_t nanoseconds);

    void clear();

    /// The value that `fraction` (0 to 1) of the records do not exceed; 0 without records.
    [[nodiscard]] std::int64_t quantile(double fraction) const;

    [[nodiscard]] std::uint64_t count() const { return count_; }

    /// `{"count","p50","p99","p999","max"}`, in microseconds.
    [[nodiscard]] nlohmann::ordered_json summary() const;

private:
    static constexpr std::size_t sub_buckets = 64;

    std::array<std::uint64_t, sub_buckets * 60> buckets_{};
    std::uint64_t count_ = 0;
    std::int64_t max_ = 0;
};

}  // namespace macp::bench
