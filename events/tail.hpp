#pragma once

#include "events/chunk.hpp"

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace macp::events {

/// The newest part of the log in memory, as shared chunks, within a byte bound.
/// Threads: `publish` from the log's thread only; everything else from anywhere.
class Tail {
    struct Wakes;

public:
    /// Called after events were published; must be cheap, must not block, and must leave registrations alone: it wakes
    /// a shard.
    using Wake = std::function<void()>;

    /// Keeps a wake registered. Once it is gone the wake is not called any more, nor still running. It may outlive the
    /// tail.
    class Registration {
    public:
        Registration() = default;
        Registration(Registration&& other) noexcept = default;
        Registration& operator=(Registration&& other) noexcept {
            std::swap(wakes_, other.wakes_);
            std::swap(at_, other.at_);
            return *this;
        }
        ~Registration();

    private:
        friend class Tail;
        using Place = std::list<Wake>::iterator;
        Registration(std::shared_ptr<Wakes> wakes, Place at) : wakes_{std::move(wakes)}, at_{at} {}

        std::shared_ptr<Wakes> wakes_{};
        Place at_{};
    };

    /// `last`: the newest position of the log so far; `max_bytes`: what the tail keeps (the newest chunk always).
    Tail(core::Seq last, std::size_t max_bytes);

    /// Appends a chunk whose first position follows the last one, then calls every wake once.
    void publish(ChunkPtr chunk);

    /// The chunks with events after `after`, oldest first. Empty both when there is nothing new and when `after` is
    /// older than what the tail holds: compare with `oldest()`.
    [[nodiscard]] std::vector<ChunkPtr> after(core::Seq after) const;

    [[nodiscard]] core::Seq last() const noexcept { return last_.load(std::memory_order_acquire); }
    /// The oldest position held; `last() + 1` when the tail is empty.
    [[nodiscard]] core::Seq oldest() const;
    [[nodiscard]] std::size_t bytes() const;

    /// Registers a wake, one a shard, for as long as what it returns lives.
    [[nodiscard]] Registration add_wake(Wake wake);

private:
    std::size_t max_bytes_;
    std::atomic<core::Seq> last_;
    mutable std::mutex mutex_;
    std::deque<ChunkPtr> chunks_;
    std::size_t bytes_ = 0;
    std::shared_ptr<Wakes> wakes_;
};

}  // namespace macp::events
