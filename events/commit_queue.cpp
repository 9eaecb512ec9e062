#include "events/commit_queue.hpp"

#include <algorithm>

namespace macp::events {

bool CommitQueue::push(PendingCommit& pending) {
    bool enough = false;
    {
        std::scoped_lock const lock{mutex_};
        if (!waiting_.empty() && levels_.now + pending.bytes > max_bytes_) return false;
        levels_.now += pending.bytes;
        levels_.high = std::max(levels_.high, levels_.now);
        waiting_.push_back(std::move(pending));
        enough = waiting_.size() >= wanted_;
    }
    if (enough) arrived_.notify_one();
    return true;
}

std::vector<PendingCommit> CommitQueue::take(
    std::size_t max_bytes, std::size_t max_events, std::chrono::steady_clock::time_point deadline
) {
    std::vector<PendingCommit> taken;
    std::unique_lock lock{mutex_};
    wait_for(lock, 1, deadline);
    if (!waiting_.empty()) wait_for(lock, last_count_, last_taken_ + gather_);
    std::size_t bytes = 0;
    std::size_t events = 0;
    while (!waiting_.empty() && (taken.empty() || (bytes < max_bytes && events < max_events))) {
        auto& next = waiting_.front();
        bytes += next.bytes;
        events += next.commit.events.size();
        levels_.now -= next.bytes;
        taken.push_back(std::move(next));
        waiting_.pop_front();
    }
    last_count_ = taken.size();
    last_taken_ = std::chrono::steady_clock::now();
    return taken;
}

void CommitQueue::wait_for(
    std::unique_lock<std::mutex>& lock, std::size_t commits, std::chrono::steady_clock::time_point deadline
) {
    wanted_ = commits;
    arrived_.wait_until(lock, deadline, [this] { return closed_ || waiting_.size() >= wanted_; });
}

void CommitQueue::close() {
    {
        std::scoped_lock const lock{mutex_};
        closed_ = true;
    }
    arrived_.notify_one();
}

bool CommitQueue::done() const {
    std::scoped_lock const lock{mutex_};
    return closed_ && waiting_.empty();
}

CommitQueue::Levels CommitQueue::levels() const {
    std::scoped_lock const lock{mutex_};
    return levels_;
}

}  // namespace macp::events
