#pragma once

#include "bench/load/subscriber.hpp"

#include <chrono>
#include <memory>
#include <vector>

namespace macp::bench {

/// Many subscribers to one address.
class Fleet {
public:
    Fleet(Loop& loop, Subscription subscription, Tally::Options tally);

    /// Opens connections until there are `count`, a few at a time, and waits until each is subscribed.
    /// Throws std::runtime_error after `guard`.
    void grow_to(std::size_t count, std::chrono::nanoseconds guard);

    /// Stops reading; `read_slowly` goes on.
    void pause(bool paused);

    /// Lets each subscriber read what `bytes_per_second` allows since the last call.
    void read_slowly(double bytes_per_second);

    /// Subscribers that hold exactly the events 0 … `events`-1, each once.
    [[nodiscard]] std::size_t holding(std::uint64_t events) const;

    /// The fewest events that any subscriber has.
    [[nodiscard]] std::uint64_t fewest() const;

    [[nodiscard]] std::size_t size() const { return subscribers_.size(); }
    [[nodiscard]] Tally& tally() { return tally_; }

private:
    Loop& loop_;
    Subscription subscription_;
    Tally tally_;
    std::vector<std::unique_ptr<Subscriber>> subscribers_;
    std::int64_t read_at_ = 0;
    double allowance_ = 0;
};

}  // namespace macp::bench
