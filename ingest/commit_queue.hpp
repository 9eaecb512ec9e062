#pragma once

#include "events/event_log.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

namespace macp::ingest {

/// Commits in order, one at a time: the next is handed to the log when the one before it is durable, straight from the
/// log's thread, so that the disk does not wait for us; a failed one is tried again until it succeeds.
///
/// Never two at once: if the first failed and the second did not, a cursor would stand behind events that are not
/// there. Threads: safe from anywhere. Lifetime: `log` must outlive it; `close` it before it ends.
class CommitQueue {
public:
    using OnDone = std::function<void(events::CommitResult const&)>;
    using Steady = std::chrono::steady_clock;

    /// `wake`: called from any thread whenever something has changed.
    CommitQueue(events::EventLog& log, std::function<void()> wake) : log_{log}, wake_{std::move(wake)} {}

    void push(events::Commit commit, OnDone done);
    /// Hands the first one to the log if it waits for that and its time has come.
    void pump();
    /// Blocks until nothing is in flight. What has not been handed over is dropped.
    void close();

    [[nodiscard]] std::size_t size() const;
    /// When `pump` has something to do; nothing while all goes well.
    [[nodiscard]] std::optional<Steady::time_point> retry_at() const;
    /// Why the last try failed; nothing after a success.
    [[nodiscard]] std::optional<core::Error> fault() const;

private:
    struct Waiting {
        events::Commit commit;
        OnDone done;
    };

    void hand_over(events::Commit commit);
    void succeeded(events::CommitResult const& result);
    void failed(core::Error const& error);
    void land();

    events::EventLog& log_;
    std::function<void()> wake_;
    mutable std::mutex mutex_;
    std::condition_variable landed_;
    std::deque<Waiting> waiting_;  ///< The first one is in flight when `in_flight_`.
    bool in_flight_ = false;
    bool closed_ = false;
    std::chrono::milliseconds back_off_{0};
    std::optional<Steady::time_point> retry_at_;
    std::optional<core::Error> fault_;
};

}  // namespace macp::ingest
