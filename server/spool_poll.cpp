#include "server/spool_poll.hpp"

#include "async/timer.hpp"

namespace macp::server {

async::Task<> poll_spool(
    async::Shard& shard, async::WorkerPool& readers, ingest::Spool& spool,
    std::atomic<std::chrono::milliseconds> const& interval
) {
    async::Timer timer{shard.executor()};
    while (!shard.drain().requested()) {
        auto job = [&spool] { return spool.take_up(); };
        auto const more = co_await readers.run(std::move(job));
        if (shard.drain().requested()) co_return;  // cancelled meanwhile: nothing more can be awaited
        if (more && *more) continue;
        timer.expires_after(interval.load());
        auto const [ec] = co_await timer.async_wait(async::nothrow);
        if (ec) co_return;
    }
}

}  // namespace macp::server
