#include "events/tail.hpp"

#include <algorithm>

namespace macp::events {

/// Shared with the registrations, any of which may outlive the tail.
struct Tail::Wakes {
    std::mutex mutex{};  ///< Held while they are called, too, so that none is dropped while it runs.
    std::list<Wake> list{};
};

Tail::Tail(core::Seq last, std::size_t max_bytes)
    : max_bytes_{max_bytes}, last_{last}, wakes_{std::make_shared<Wakes>()} {}

void Tail::publish(ChunkPtr chunk) {
    {
        std::scoped_lock const lock{mutex_};
        bytes_ += chunk->bytes();
        last_.store(chunk->last(), std::memory_order_release);
        chunks_.push_back(std::move(chunk));
        while (bytes_ > max_bytes_ && chunks_.size() > 1) {
            bytes_ -= chunks_.front()->bytes();
            chunks_.pop_front();
        }
    }
    std::scoped_lock const lock{wakes_->mutex};
    for (auto const& wake : wakes_->list) wake();
}

std::vector<ChunkPtr> Tail::after(core::Seq after) const {
    std::scoped_lock const lock{mutex_};
    if (chunks_.empty() || after + 1 < chunks_.front()->first()) return {};
    auto const first_new =
        std::ranges::partition_point(chunks_, [after](auto const& chunk) { return chunk->last() <= after; });
    return {first_new, chunks_.end()};
}

core::Seq Tail::oldest() const {
    std::scoped_lock const lock{mutex_};
    return chunks_.empty() ? last() + 1 : chunks_.front()->first();
}

std::size_t Tail::bytes() const {
    std::scoped_lock const lock{mutex_};
    return bytes_;
}

Tail::Registration Tail::add_wake(Wake wake) {
    std::scoped_lock const lock{wakes_->mutex};
    return {wakes_, wakes_->list.insert(wakes_->list.end(), std::move(wake))};
}

Tail::Registration::~Registration() {
    if (!wakes_) return;
    std::scoped_lock const lock{wakes_->mutex};
    wakes_->list.erase(at_);
}

}  // namespace macp::events
