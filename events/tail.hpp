#pragma once

#include "events/chunk.hpp"

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

namespace macp::events {

/// The newest part of the log in memory, as shared chunks, within a byte bound.
/// Threads: `publish` from the log's thread only; everything else from anywhere.
class Tail {
public:
    /// Called after events were published; must be cheap and must not block: it wakes a shard.
    using Wake = std::function<void()>;

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

    /// Registers a wake for the life of the tail: one a shard, before events are published.
    void add_wake(Wake wake);

private:
    std::size_t max_bytes_;
    std::atomic<core::Seq> last_;
    mutable std::mutex mutex_;
    std::deque<ChunkPtr> chunks_;
    std::size_t bytes_ = 0;
    std::vector<Wake> wakes_;
};

}  // namespace macp::events
