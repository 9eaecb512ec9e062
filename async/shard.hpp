#pragma once

#include "async/drain.hpp"
#include "async/task_group.hpp"
#include "async/timer_wheel.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace macp::async {

/// How one loop is doing. Threads: written by the loop, read from anywhere.
struct LoopHealth {
    std::atomic<std::uint64_t> probes{0};        ///< Probe ticks so far; nominally `Shard::probe_hertz` a second.
    std::atomic<std::int64_t> lag_us{0};         ///< How late the last probe ran.
    std::atomic<std::int64_t> worst_lag_us{0};   ///< The worst since it was last taken (`exchange(0)`).
    std::atomic<std::int64_t> last_probe_us{0};  ///< When the last probe ran, on the steady clock.
    std::atomic<std::int32_t> thread_id{0};      ///< Kernel thread id, for its CPU time.
};

/// One event loop on one thread, and what every service on it shares. A connection lives and dies on one shard;
/// nothing in it is locked. Threads: `start`, `stop` and `join` from the owner; the rest on the shard, by `post`.
class Shard {
public:
    static constexpr int probe_hertz = 60;

    explicit Shard(std::size_t index);
    Shard(Shard const&) = delete;
    Shard& operator=(Shard const&) = delete;
    ~Shard();

    /// Starts the thread, unless it runs.
    void start();
    /// Lets the loop end once it has no work; safe from any thread.
    void stop();
    /// Ends the loop at once, abandoning what is in flight; safe from any thread.
    void abort();
    void join();

    [[nodiscard]] std::size_t index() const noexcept { return index_; }
    [[nodiscard]] asio::io_context& context() noexcept { return context_; }
    [[nodiscard]] Executor executor() noexcept { return context_.get_executor(); }
    [[nodiscard]] TimerWheel& wheel() noexcept { return wheel_; }
    [[nodiscard]] Drain& drain() noexcept { return drain_; }
    [[nodiscard]] TaskGroup& tasks() noexcept { return tasks_; }
    [[nodiscard]] LoopHealth& health() noexcept { return health_; }

private:
    void probe();

    std::size_t index_;
    asio::io_context context_{1};
    asio::executor_work_guard<Executor> work_;
    TimerWheel wheel_;
    Drain drain_;
    Timer probe_timer_;
    LoopHealth health_;
    TaskGroup tasks_;
    std::thread thread_;
};

}  // namespace macp::async
