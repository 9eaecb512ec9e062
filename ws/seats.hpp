#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace macp::ws {

/// How many subscribers there may be at once, over all shards. Threads: safe from anywhere.
/// Lifetime: outlives the seats.
class Seats {
public:
    /// Given back with its last copy: the answer that hands a connection over has one, the connection's coroutine
    /// another.
    using Seat = std::shared_ptr<void>;

    explicit Seats(std::size_t most) noexcept : most_{most} {}

    /// None: all are taken.
    [[nodiscard]] Seat take() {
        Seat const seat{this, [](void* seats) { static_cast<Seats*>(seats)->taken_.fetch_sub(1); }};
        return taken_.fetch_add(1) < most_ ? seat : nullptr;
    }

private:
    std::size_t most_;
    std::atomic<std::size_t> taken_{0};
};

}  // namespace macp::ws
