#include "events/event_log.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/this_coro.hpp>

#include <future>
#include <memory>
#include <utility>

namespace macp::events {

namespace asio = boost::asio;
using Answer = core::Result<CommitResult>;

async::Task<Answer> EventLog::commit(Commit commit) {
    auto const executor = co_await asio::this_coro::executor;
    auto start = [this, executor](auto handler, Commit work) {
        // `Done` must be copyable, the handler is not: it is moved out again by the one call.
        auto const waiting = std::make_shared<std::pair<decltype(handler), asio::executor_work_guard<async::Executor>>>(
            std::move(handler), asio::make_work_guard(executor)
        );
        Done done = [waiting](Answer answer) {
            auto resume = std::move(waiting->first);
            std::move(resume)(std::move(answer));
        };
        this->commit(std::move(work), std::move(done), executor);
    };
    co_return co_await asio::async_initiate<asio::use_awaitable_t<async::Executor> const, void(Answer)>(
        std::move(start), asio::use_awaitable_t<async::Executor>{}, std::move(commit)
    );
}

Answer EventLog::commit_and_wait(Commit commit) {
    // Shared: the log's thread may still be inside set_value when this one has its answer and is gone.
    auto const promise = std::make_shared<std::promise<Answer>>();
    auto answer = promise->get_future();
    this->commit(std::move(commit), [promise](Answer result) { promise->set_value(std::move(result)); });
    return answer.get();
}

Start resolve(EventLog& log, core::Position const& position) {
    auto const last = log.tail().last();
    if (position.kind == core::Position::Kind::Now) return {.after = last};
    bool const foreign = !position.epoch.empty() && position.epoch != log.epoch();
    if (position.kind == core::Position::Kind::At && !foreign && position.seq <= last) return {.after = position.seq};

    auto const oldest = log.stats().oldest;
    Start start{.after = oldest == 0 ? 0 : oldest - 1};
    if (position.kind == core::Position::Kind::At) {
        start.gap = core::Gap{.from = 1, .to = start.after, .why = "epoch"};
    }
    return start;
}

}  // namespace macp::events
