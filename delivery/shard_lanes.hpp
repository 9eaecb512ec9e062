#pragma once

#include "async/shard.hpp"
#include "delivery/lane.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace macp::delivery {

/// The lanes that live on one shard, woken together: once for whatever the log has published meanwhile.
/// Lifetime: shared with the log's tail, which may outlive the targets; `close` ends it. Threads: as said.
class ShardLanes : public std::enable_shared_from_this<ShardLanes> {
public:
    explicit ShardLanes(async::Shard& shard) : shard_{&shard} {}

    /// From any thread.
    void wake();
    [[nodiscard]] async::Executor executor() const { return shard_->executor(); }

    /// On the shard:
    void add(std::shared_ptr<Lane> lane);
    void remove(Lane const& lane);

    /// From any thread, once the shard has stopped or all lanes have been removed.
    void close();

private:
    void wake_all();

    async::Shard* shard_;
    std::mutex mutex_;
    bool closed_ = false;
    std::atomic<bool> scheduled_{false};
    std::vector<std::shared_ptr<Lane>> lanes_;
};

}  // namespace macp::delivery
