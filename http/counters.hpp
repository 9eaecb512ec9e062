#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace macp::http {

/// A number with one writer. Threads: written by its shard, read from anywhere.
class Counter {
public:
    void add(std::uint64_t by = 1) noexcept { value_.store(get() + by, std::memory_order_relaxed); }
    void subtract(std::uint64_t by = 1) noexcept { value_.store(get() - by, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// What one shard has done, for metrics.
struct alignas(64) Counters {
    /// Upper bounds of the duration buckets; the last bucket has none.
    static constexpr std::array<std::chrono::microseconds, 13> bounds{{
        std::chrono::microseconds{100},
        std::chrono::microseconds{250},
        std::chrono::microseconds{500},
        std::chrono::milliseconds{1},
        std::chrono::microseconds{2'500},
        std::chrono::milliseconds{5},
        std::chrono::milliseconds{10},
        std::chrono::milliseconds{25},
        std::chrono::milliseconds{50},
        std::chrono::milliseconds{100},
        std::chrono::milliseconds{500},
        std::chrono::milliseconds{2'500},
        std::chrono::milliseconds{10'000},
    }};

    Counter connections;  ///< Open now, taken-over ones included.
    Counter connections_total;
    Counter refused;                  ///< Connections over the limit.
    Counter in_flight;                ///< Requests in a handler now.
    std::array<Counter, 6> by_class;  ///< Answers by the first digit of their status.
    Counter bytes_in;
    Counter bytes_out;
    std::array<Counter, bounds.size() + 1> durations;  ///< Not cumulative.
    Counter duration_us;                               ///< Sum.

    void count_answer(unsigned status, std::chrono::steady_clock::duration took) noexcept {
        by_class[std::min<std::size_t>(status / 100, by_class.size() - 1)].add();
        auto const bound = std::ranges::lower_bound(bounds, took);
        durations[static_cast<std::size_t>(bound - bounds.begin())].add();
        duration_us.add(static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count())
        );
    }
};

}  // namespace macp::http
