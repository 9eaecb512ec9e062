#include "io/host_slots.hpp"

#include <algorithm>

namespace macp::io {

/// Stands in line; leaves it when the coroutine that waits ends, for whatever reason.
struct HostSlots::Waiter {
    Waiter(HostSlots& all, std::string const& name) : slots{all}, host{name}, turn{all.executor_} {
        slots.hosts_[host].waiting.push_back(this);
    }
    Waiter(Waiter const&) = delete;
    Waiter& operator=(Waiter const&) = delete;
    ~Waiter() { slots.forget(*this); }

    HostSlots& slots;
    std::string const& host;
    async::Timer turn;
    bool granted = false;  ///< The slot of somebody who left is ours.
};

async::Task<std::optional<HostSlots::Slot>> HostSlots::take(
    std::string host, std::chrono::steady_clock::time_point deadline
) {
    auto const self = shared_from_this();
    auto& place = hosts_[host];
    if (place.in_use < most_) {
        ++place.in_use;
        co_return Slot{self, std::move(host)};
    }
    Waiter waiter{*this, host};
    waiter.turn.expires_at(deadline);
    co_await waiter.turn.async_wait(async::nothrow);
    if (!waiter.granted) co_return std::nullopt;
    waiter.granted = false;
    co_return Slot{self, host};
}

void HostSlots::give_back(std::string const& host) {
    auto const place = hosts_.find(host);
    auto& [in_use, waiting] = place->second;
    if (!waiting.empty()) {  // in_use stays: the slot changes hands
        auto* const next = waiting.front();
        waiting.pop_front();
        next->granted = true;
        next->turn.cancel();
        return;
    }
    if (--in_use == 0) hosts_.erase(place);
}

void HostSlots::forget(Waiter& waiter) {
    if (waiter.granted) return give_back(waiter.host);  // cancelled between its grant and its turn
    if (auto const place = hosts_.find(waiter.host); place != hosts_.end()) std::erase(place->second.waiting, &waiter);
}

}  // namespace macp::io
