#pragma once

#include "async/task.hpp"
#include "events/event_log.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

namespace macp::events {

/// A commit on its way, and whom to tell.
struct PendingCommit {
    Commit commit{};
    EventLog::Done done{};
    std::optional<async::Executor> loop{};  ///< Where `done` runs; none: on the log's thread.
    std::size_t bytes = 0;                  ///< Roughly what it takes in memory.
};

/// What waits for the log's thread, bounded by bytes. Threads: `take` from one thread; the rest from anywhere.
class CommitQueue {
public:
    struct Levels {
        std::uint64_t now = 0;
        std::uint64_t high = 0;
    };

    /// `gather`: how long after one batch the next may wait for as many commits as that had.
    CommitQueue(std::size_t max_bytes, std::chrono::microseconds gather) : max_bytes_{max_bytes}, gather_{gather} {}

    /// Takes `pending` over; false, leaving it alone, when there is no room. An empty queue has room for anything.
    [[nodiscard]] bool push(PendingCommit& pending);

    /// Everything that has gathered, up to `max_bytes` and `max_events` (but at least one commit); waits for some until
    /// `deadline`. Empty when nothing came, or the queue is closed and done.
    ///
    /// Many who commit one event each would else get a transaction for every few of them, and each writes at least a
    /// page of every index. Whoever commits alone never waits.
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
    void wait_for(
        std::unique_lock<std::mutex>& lock, std::size_t commits, std::chrono::steady_clock::time_point deadline
    );

    std::size_t max_bytes_;
    std::chrono::microseconds gather_;
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<PendingCommit> waiting_;
    std::size_t wanted_ = 1;      ///< As many wake the log's thread.
    std::size_t last_count_ = 0;  ///< Commits in the last batch.
    std::chrono::steady_clock::time_point last_taken_{};
    Levels levels_;
    bool closed_ = false;
};

}  // namespace macp::events
