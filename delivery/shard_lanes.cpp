#include "delivery/shard_lanes.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace macp::delivery {

void ShardLanes::wake() {
    if (scheduled_.exchange(true, std::memory_order_acq_rel)) return;  // a turn is coming that will see this too
    std::scoped_lock const lock{mutex_};
    if (!closed_) boost::asio::post(shard_->context(), [self = shared_from_this()] { self->wake_all(); });
}

void ShardLanes::wake_all() {
    scheduled_.store(false, std::memory_order_release);
    for (auto const& lane : lanes_) lane->wake();
}

void ShardLanes::add(std::shared_ptr<Lane> lane) {
    lanes_.push_back(std::move(lane));
}

void ShardLanes::remove(Lane const& lane) {
    std::erase_if(lanes_, [&lane](auto const& each) { return each.get() == &lane; });
}

void ShardLanes::close() {
    {
        std::scoped_lock const lock{mutex_};
        closed_ = true;
    }
    lanes_.clear();
}

}  // namespace macp::delivery
