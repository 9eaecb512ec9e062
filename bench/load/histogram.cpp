#include "bench/load/histogram.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

namespace macp::bench {

// Values below 64 have a bucket each; above, each power of two is cut into 64 equal parts.
void Histogram::record(std::int64_t nanoseconds) {
    auto const value = static_cast<std::uint64_t>(std::max<std::int64_t>(nanoseconds, 0));
    auto const shift = static_cast<std::size_t>(std::max(static_cast<int>(std::bit_width(value)) - 7, 0));
    auto const bucket = shift * sub_buckets + static_cast<std::size_t>(value >> shift);
    ++buckets_[std::min(bucket, buckets_.size() - 1)];
    ++count_;
    max_ = std::max(max_, nanoseconds);
}

void Histogram::clear() {
    *this = Histogram{};
}

std::int64_t Histogram::quantile(double fraction) const {
    auto const wanted = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
        seen += buckets_[bucket];
        if (seen < wanted || seen == 0) continue;
        auto const shift = bucket < 2 * sub_buckets ? std::size_t{0} : bucket / sub_buckets - 1;
        auto const value = static_cast<std::int64_t>((bucket - shift * sub_buckets) << shift);
        return std::min(value, max_);
    }
    return 0;
}

nlohmann::ordered_json Histogram::summary() const {
    auto const micros = [](std::int64_t value) { return static_cast<double>(value) / 1000.0; };
    return {
        {"count", count_},
        {"p50", micros(quantile(0.5))},
        {"p99", micros(quantile(0.99))},
        {"p999", micros(quantile(0.999))},
        {"max", micros(max_)}
    };
}

}  // namespace macp::bench
