#include "async/timer_wheel.hpp"

#include <algorithm>

namespace macp::async {

void WheelTimer::cancel() noexcept {
    if (armed()) TimerWheel::unlink(*this);
}

TimerWheel::TimerWheel(Executor executor) : timer_{executor}, start_{std::chrono::steady_clock::now()} {
    for (auto& slot : slots_) slot.next_ = slot.previous_ = &slot;
}

TimerWheel::~TimerWheel() {
    for (auto& slot : slots_) {
        while (slot.next_ != &slot) unlink(*slot.next_);
        slot.next_ = slot.previous_ = nullptr;
    }
}

void TimerWheel::arm(WheelTimer& timer, std::chrono::steady_clock::duration delay) {
    timer.cancel();
    if (stopped_) return;
    auto const since_start = std::chrono::steady_clock::now() - start_ + delay;
    auto const due = static_cast<std::uint64_t>(since_start / tick) + 1;  // round up: never early
    timer.due_tick_ = std::max(due, current_tick_ + 1);
    link(slots_[timer.due_tick_ % slot_count], timer);
    if (!waiting_) wait_for_tick();
}

void TimerWheel::stop() {
    stopped_ = true;
    timer_.cancel();
}

void TimerWheel::wait_for_tick() {
    waiting_ = true;
    // At the tick's own time, so that what is due then is not left for the next one.
    auto const passed = (std::chrono::steady_clock::now() - start_) / tick;
    timer_.expires_at(start_ + (passed + 1) * tick);
    timer_.async_wait([this](ErrorCode const& ec) {
        waiting_ = false;
        if (ec || stopped_) return;
        advance();
        auto const idle = [](Slot const& slot) { return slot.next_ == &slot; };
        if (!waiting_ && !std::ranges::all_of(slots_, idle)) wait_for_tick();
    });
}

void TimerWheel::advance() {
    auto const now_tick = static_cast<std::uint64_t>((std::chrono::steady_clock::now() - start_) / tick);
    // After a long stall every slot is due at most once.
    auto const first = now_tick - current_tick_ > slot_count ? now_tick - slot_count : current_tick_;
    current_tick_ = now_tick;
    for (auto at = first + 1; at <= now_tick; ++at) fire_slot(slots_[at % slot_count]);
}

void TimerWheel::fire_slot(Slot& slot) const {
    Slot due;  // a timer may cancel or destroy others while it runs: those leave this list by themselves
    due.next_ = due.previous_ = &due;
    for (auto* timer = slot.next_; timer != &slot;) {
        auto* const next = timer->next_;
        if (timer->due_tick_ <= current_tick_) {
            unlink(*timer);
            link(due, *timer);
        }
        timer = next;
    }
    while (due.next_ != &due) {
        auto& timer = *due.next_;
        unlink(timer);
        timer.expired();
    }
    due.next_ = due.previous_ = nullptr;
}

void TimerWheel::link(WheelTimer& head, WheelTimer& timer) {
    timer.next_ = &head;
    timer.previous_ = head.previous_;
    head.previous_->next_ = &timer;
    head.previous_ = &timer;
}

void TimerWheel::unlink(WheelTimer& timer) {
    timer.previous_->next_ = timer.next_;
    timer.next_->previous_ = timer.previous_;
    timer.next_ = timer.previous_ = nullptr;
}

}  // namespace macp::async
