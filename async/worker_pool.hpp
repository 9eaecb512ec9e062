#pragma once

#include "async/task.hpp"
#include "core/result.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>

namespace macp::async {

/// Threads for work that blocks: database reads, files, name look-ups. Threads: safe from anywhere.
/// Lifetime: every loop that awaits `run` must outlive the pool, whose threads post the answers to it.
class WorkerPool {
public:
    WorkerPool(std::string name, std::size_t threads);
    WorkerPool(WorkerPool const&) = delete;
    WorkerPool& operator=(WorkerPool const&) = delete;
    ~WorkerPool();

    /// Jobs that wait or run.
    [[nodiscard]] std::size_t depth() const noexcept { return depth_.load(std::memory_order_relaxed); }
    /// The most that ever waited or ran.
    [[nodiscard]] std::size_t high_water() const noexcept { return high_water_.load(std::memory_order_relaxed); }

    /// Waits for the jobs in hand; later ones are never run.
    void join();

    /// Runs `job` (it returns a core::Result) on the pool and completes with what it returned, on the awaiting loop.
    /// Errors: those of the job; Internal when it throws. Cancellation: not honoured, the job is waited for.
    template <class Job>
    [[nodiscard]] Task<std::invoke_result_t<Job&>> run(Job job) {
        using Answer = std::invoke_result_t<Job&>;
        auto const executor = co_await asio::this_coro::executor;
        auto start = [this, executor](auto handler, Job work) {
            auto run_one = [this, executor, guard = asio::make_work_guard(executor), handler = std::move(handler),
                            work = std::move(work)]() mutable {
                auto answer = attempt(work);
                depth_.fetch_sub(1, std::memory_order_relaxed);
                // The guard ends on the loop: here it might outlive it, for the answer may be the loop's last work.
                auto finish = [guard = std::move(guard), handler = std::move(handler),
                               answer = std::move(answer)]() mutable { std::move(handler)(std::move(answer)); };
                asio::post(executor, std::move(finish));
            };
            auto const depth = depth_.fetch_add(1, std::memory_order_relaxed) + 1;
            if (depth > high_water()) high_water_.store(depth, std::memory_order_relaxed);
            asio::post(pool_, std::move(run_one));
        };
        co_return co_await asio::async_initiate<asio::use_awaitable_t<Executor> const, void(Answer)>(
            std::move(start), asio::use_awaitable_t<Executor>{}, std::move(job)
        );
    }

private:
    static core::Error log_bug(char const* what);

    template <class Job>
    static std::invoke_result_t<Job&> attempt(Job& job) {
        try {
            return job();
        } catch (std::exception const& bug) {
            return tl::unexpected<core::Error>{log_bug(bug.what())};
        }
    }

    asio::thread_pool pool_;
    std::atomic<std::size_t> depth_{0};
    std::atomic<std::size_t> high_water_{0};
};

}  // namespace macp::async
