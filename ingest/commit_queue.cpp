#include "ingest/commit_queue.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace macp::ingest {
namespace {

constexpr std::chrono::milliseconds first_back_off{50};
constexpr std::chrono::milliseconds last_back_off{2000};

}  // namespace

void CommitQueue::push(events::Commit commit, OnDone done) {
    {
        std::scoped_lock const lock{mutex_};
        waiting_.push_back({.commit = std::move(commit), .done = std::move(done)});
    }
    pump();
}

void CommitQueue::pump() {
    events::Commit copy;
    {
        std::scoped_lock const lock{mutex_};
        if (closed_ || in_flight_ || waiting_.empty() || (retry_at_ && Steady::now() < *retry_at_)) return;
        in_flight_ = true;
        retry_at_.reset();
        copy = waiting_.front().commit;  // kept for another try
    }
    hand_over(std::move(copy));
}

void CommitQueue::hand_over(events::Commit commit) {
    log_.commit(std::move(commit), [this](core::Result<events::CommitResult> const& result) {
        if (result) {
            succeeded(*result);
        } else {
            failed(result.error());
        }
    });
}

void CommitQueue::succeeded(events::CommitResult const& result) {
    Waiting* first = nullptr;
    {
        std::scoped_lock const lock{mutex_};
        first = &waiting_.front();  // it belongs to its flight; what is pushed meanwhile does not move it
    }
    first->done(result);
    bool recovered = false;
    {
        std::scoped_lock const lock{mutex_};
        recovered = fault_.has_value();
        fault_.reset();
        back_off_ = std::chrono::milliseconds{0};
        waiting_.pop_front();
    }
    if (recovered) spdlog::info("the watcher's events are being stored again");
    wake_();
    events::Commit next;
    {
        std::scoped_lock const lock{mutex_};
        if (closed_ || waiting_.empty()) return land();
        next = waiting_.front().commit;
    }
    hand_over(std::move(next));
}

void CommitQueue::failed(core::Error const& error) {
    bool news = false;
    {
        std::scoped_lock const lock{mutex_};
        news = !fault_;
        fault_ = error;
        back_off_ = std::clamp(2 * back_off_, first_back_off, last_back_off);
        retry_at_ = Steady::now() + back_off_;
    }
    if (news) spdlog::warn("the watcher waits, its events cannot be stored: {}", error.message);
    wake_();
    std::scoped_lock const lock{mutex_};
    land();
}

/// The last thing a flight does, under the lock: after it `close` may return and all this be gone.
void CommitQueue::land() {
    in_flight_ = false;
    landed_.notify_all();
}

void CommitQueue::close() {
    std::unique_lock lock{mutex_};
    closed_ = true;
    landed_.wait(lock, [this] { return !in_flight_; });
}

std::size_t CommitQueue::size() const {
    std::scoped_lock const lock{mutex_};
    return waiting_.size();
}

std::optional<CommitQueue::Steady::time_point> CommitQueue::retry_at() const {
    std::scoped_lock const lock{mutex_};
    return retry_at_;
}

std::optional<core::Error> CommitQueue::fault() const {
    std::scoped_lock const lock{mutex_};
    return fault_;
}

}  // namespace macp::ingest
