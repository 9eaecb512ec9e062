#include "async/shard.hpp"

#include "async/thread_name.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <string>
#include <unistd.h>

namespace macp::async {

Shard::Shard(std::size_t index)
    : index_{index},
      work_{context_.get_executor()},
      wheel_{executor()},
      drain_{executor()},
      probe_timer_{executor()},
      tasks_{executor()} {}

Shard::~Shard() {
    abort();
    join();
}

void Shard::start() {
    if (thread_.joinable()) return;
    thread_ = std::thread{[this] {
        name_this_thread("shard-" + std::to_string(index_));
        health_.thread_id = ::gettid();
        probe_timer_.expires_after(std::chrono::microseconds{1'000'000 / probe_hertz});
        probe();
        context_.run();
    }};
}

void Shard::stop() {
    asio::post(context_, [this] {
        wheel_.stop();
        probe_timer_.cancel();
        work_.reset();
    });
}

void Shard::abort() {
    context_.stop();
}

void Shard::join() {
    if (thread_.joinable()) thread_.join();
}

void Shard::probe() {
    probe_timer_.async_wait([this](ErrorCode const& ec) {
        if (ec || !work_.owns_work()) return;
        auto const now = std::chrono::steady_clock::now();
        auto const late = std::chrono::duration_cast<std::chrono::microseconds>(now - probe_timer_.expiry()).count();
        health_.lag_us.store(late, std::memory_order_relaxed);
        health_.worst_lag_us.store(std::max(late, health_.worst_lag_us.load()), std::memory_order_relaxed);
        health_.last_probe_us.store(
            std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count(),
            std::memory_order_relaxed
        );
        health_.probes.fetch_add(1, std::memory_order_relaxed);
        probe_timer_.expires_at(now + std::chrono::microseconds{1'000'000 / probe_hertz});
        probe();
    });
}

}  // namespace macp::async
