#include "bench/load/fleet.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace macp::bench {
namespace {

constexpr std::size_t opening_at_once = 64;  // stays below every server's listen backlog
constexpr std::chrono::milliseconds turn_time{20};

}  // namespace

Fleet::Fleet(Loop& loop, Subscription subscription, Tally::Options tally)
    : loop_{loop}, subscription_{std::move(subscription)}, tally_{tally} {}

void Fleet::grow_to(std::size_t count, std::chrono::nanoseconds guard) {
    auto const deadline = now_ns() + guard.count();
    auto settled = subscribers_.size();
    while (settled < count) {
        while (subscribers_.size() < count && subscribers_.size() - settled < opening_at_once)
            subscribers_.push_back(std::make_unique<Subscriber>(loop_, subscription_, tally_));
        loop_.turn(turn_time);
        while (settled < subscribers_.size() && subscribers_[settled]->open()) ++settled;
        if (now_ns() > deadline || tally_.closed() > 0)
            throw std::runtime_error{"only " + std::to_string(settled) + " subscribers could be opened"};
    }
}

void Fleet::pause(bool paused) {
    for (auto const& subscriber : subscribers_)
        if (!subscriber->closed()) subscriber->pause(paused);
    read_at_ = now_ns();
}

void Fleet::read_slowly(double bytes_per_second) {
    auto const now = now_ns();
    allowance_ += bytes_per_second * static_cast<double>(now - read_at_) * 1e-9;
    read_at_ = now;
    if (allowance_ < 256) return;
    for (auto const& subscriber : subscribers_) subscriber->read_some(static_cast<std::size_t>(allowance_));
    allowance_ = 0;
}

std::size_t Fleet::holding(std::uint64_t events) const {
    auto const sum = events == 0 ? 0 : events * (events - 1) / 2;
    return static_cast<std::size_t>(std::ranges::count_if(subscribers_, [&](auto const& subscriber) {
        return subscriber->progress().events == events && subscriber->progress().sum == sum;
    }));
}

std::uint64_t Fleet::fewest() const {
    std::uint64_t fewest = subscribers_.empty() ? 0 : subscribers_.front()->progress().events;
    for (auto const& subscriber : subscribers_) fewest = std::min(fewest, subscriber->progress().events);
    return fewest;
}

}  // namespace macp::bench
