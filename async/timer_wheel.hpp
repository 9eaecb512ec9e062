#pragma once

#include "async/timer.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace macp::async {

class TimerWheel;

/// A time-out on a wheel. Embed it; it leaves the wheel when it is destroyed.
/// Threads: the wheel's loop only.
class WheelTimer {
public:
    WheelTimer() = default;
    WheelTimer(WheelTimer const&) = delete;
    WheelTimer& operator=(WheelTimer const&) = delete;
    virtual ~WheelTimer() { cancel(); }

    void cancel() noexcept;
    [[nodiscard]] bool armed() const noexcept { return next_ != nullptr; }

protected:
    /// Called once when the time is up; may arm again, and may destroy the timer.
    virtual void expired() = 0;

private:
    friend class TimerWheel;
    WheelTimer* next_ = nullptr;
    WheelTimer* previous_ = nullptr;
    std::uint64_t due_tick_ = 0;
};

/// Thousands of coarse time-outs on one Asio timer: arming and cancelling are a few stores. A timer fires within one
/// tick after its time, never before. Lifetime: must outlive its timers. Threads: the loop's thread only.
class TimerWheel {
public:
    static constexpr std::chrono::milliseconds tick{100};

    explicit TimerWheel(Executor executor);
    TimerWheel(TimerWheel const&) = delete;
    TimerWheel& operator=(TimerWheel const&) = delete;
    ~TimerWheel();

    /// Arms or re-arms `timer` to fire after `delay`.
    void arm(WheelTimer& timer, std::chrono::steady_clock::duration delay);

    /// Ends the underlying wait, so that the loop can run out of work. Armed timers never fire after this.
    void stop();

private:
    static constexpr std::size_t slot_count = 1024;
    struct Slot final : WheelTimer {
        void expired() override {}
    };

    void wait_for_tick();
    void advance();
    static void link(WheelTimer& head, WheelTimer& timer);
    static void unlink(WheelTimer& timer);
    void fire_slot(Slot& slot) const;

    Timer timer_;
    std::array<Slot, slot_count> slots_;
    std::chrono::steady_clock::time_point start_;
    std::uint64_t current_tick_ = 0;
    bool waiting_ = false;
    bool stopped_ = false;
    friend class WheelTimer;
};

}  // namespace macp::async
