#pragma once

#include "core/time.hpp"

#include <atomic>
#include <chrono>

namespace macp::testing {

/// Clocks that stand still until moved. Threads: safe from anywhere.
class ManualClock final : public core::Clock {
public:
    [[nodiscard]] core::Time now() const override { return core::Time{std::chrono::microseconds{wall_us_.load()}}; }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point{std::chrono::microseconds{steady_us_.load()}};
    }

    /// Time goes by, on both clocks.
    void advance(std::chrono::microseconds by) {
        wall_us_ += by.count();
        steady_us_ += by.count();
    }
    /// The wall clock is set; no time goes by.
    void jump_to(core::Time time) { wall_us_ = time.time_since_epoch().count(); }

private:
    std::atomic<std::int64_t> wall_us_{1'774'947'600'000'000};  // 2026-03-31T09:00:00Z
    std::atomic<std::int64_t> steady_us_{1'000'000'000};
};

}  // namespace macp::testing
