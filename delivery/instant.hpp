#pragma once

#include "core/time.hpp"

#include <algorithm>
#include <chrono>

namespace macp::delivery {

using SteadyTime = std::chrono::steady_clock::time_point;

/// Now, on both clocks: waiting goes by the steady one, what must survive a restart is written down by the other.
struct Instant {
    core::Time wall{};
    SteadyTime steady{};

    [[nodiscard]] static Instant of(core::Clock const& clock) {
        return {.wall = clock.now(), .steady = clock.steady()};
    }

    [[nodiscard]] core::Time wall_at(SteadyTime time) const {
        return wall + std::chrono::duration_cast<std::chrono::microseconds>(time - steady);
    }
    /// At most a day ahead, and never in the past: the wall clock may have been set in between.
    [[nodiscard]] SteadyTime steady_at(core::Time time) const {
        constexpr std::chrono::microseconds longest = std::chrono::hours{24};
        return steady + std::clamp(time - wall, std::chrono::microseconds{0}, longest);
    }
};

}  // namespace macp::delivery
