#pragma once

#include "events/event_log.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

namespace macp::events {

/// A commit on its way, and whom to tell.
struct PendingCommit {
    Commit commit{};
    EventLog::Done done{};
    std::size_t bytes = 0;  ///< Roughly what it takes in memory.
};

/// What waits for the log's thread, bounded by bytes. Threads: `take` from one thread; the rest from anywhere.
class CommitQueue {
public:
    struct Levels {
        std::uint64_t now = 0;
        std::uint64_t high = 0;
    };

    explicit CommitQueue(std::size_t max_bytes) : max_bytes_{max_bytes} {}

    /// Takes `pending` over; false, leaving it alone, when there is no room. An empty queue has room for anything.
    [[nodiscard]] bool push(PendingCommit& pending);

    /// Everything that has gathered, up to `max_bytes` and `max_events` (but at least one commit); waits for some until
    /// `deadline`. Empty when nothing came, or the queue is closed and done.
    [[nodiscard]] std::vector<PendingCommit> take(
        std::size_t max_bytes, std::size_t max_events, std::chrono::steady_clock::time_point deadline
    );

    /// Ends the waiting; what is queued is still handed out.
    void close();
    /// Closed and handed out to the last one.
    [[nodiscard]] bool done() const;
    [[nodiscard]] Levels levels() const;
    [[nodiscard]] std::size_t max_bytes() const noexcept { return max_bytes_; }

private:
    std::size_t max_bytes_;
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<PendingCommit> waiting_;
    Levels levels_;
    bool closed_ = false;
};

}  // namespace macp::events
