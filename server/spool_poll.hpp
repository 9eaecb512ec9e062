#pragma once

#include "async/shard.hpp"
#include "async/worker_pool.hpp"
#include "ingest/spool.hpp"

#include <atomic>
#include <chrono>

namespace macp::server {

/// Takes up the spool at once, and again whenever `interval` is over, until the shard drains.
/// Threads: spawned on the shard. Lifetime: all of them must outlive it.
[[nodiscard]] async::Task<> poll_spool(
    async::Shard& shard, async::WorkerPool& readers, ingest::Spool& spool,
    std::atomic<std::chrono::milliseconds> const& interval
);

}  // namespace macp::server
