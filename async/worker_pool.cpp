#include "async/worker_pool.hpp"

#include "async/thread_name.hpp"

#include <spdlog/spdlog.h>

#include <memory>

namespace macp::async {

WorkerPool::WorkerPool(std::string name, std::size_t threads) : pool_{threads} {
    // Each thread takes exactly one of these: the barrier is that none returns before all have begun.
    auto const remaining = std::make_shared<std::atomic<std::size_t>>(threads);
    for (std::size_t i = 0; i < threads; ++i) {
        asio::post(pool_, [name, i, remaining] {
            name_this_thread(name + '-' + std::to_string(i));
            remaining->fetch_sub(1);
            remaining->notify_all();
            for (auto left = remaining->load(); left != 0; left = remaining->load()) remaining->wait(left);
        });
    }
}

WorkerPool::~WorkerPool() {
    join();
}

void WorkerPool::join() {
    pool_.join();
}

core::Error WorkerPool::log_bug(char const* what) {
    spdlog::error("a job on a worker pool threw: {}", what);
    return core::Error{.code = core::ErrorCode::Internal, .message = "internal error"};
}

}  // namespace macp::async
