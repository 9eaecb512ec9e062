#pragma once

#include "async/shard.hpp"
#include "http/body_budget.hpp"
#include "http/connection.hpp"
#include "http/counters.hpp"
#include "http/reply.hpp"

#include <atomic>
#include <chrono>
#include <list>
#include <string>

namespace macp::http {

/// The connections of one shard and what they share.
///
/// Lifetime: `drain()` must have completed, or the shard have ended, before it is destroyed. Threads: the shard only.
class Sessions {
public:
    /// `open`: connections of the whole server, counted up by whoever accepts them and down here.
    Sessions(async::Shard& shard, std::atomic<std::size_t>& open, BodyBudget& bodies);
    Sessions(Sessions const&) = delete;
    Sessions& operator=(Sessions const&) = delete;

    /// Begins to serve. `refused`: over the limit; it is told so and closed.
    void start(Door const& door, Socket socket, bool refused);

    /// Closes idle connections; the others end with the answer that they are at. Tells the shard's `drain()`, and so
    /// those who took connections over.
    void begin_drain();
    [[nodiscard]] bool draining() const noexcept { return draining_; }

    /// Waits for all connections to end; cancels what is left at `deadline`.
    [[nodiscard]] async::Task<> drain(std::chrono::steady_clock::time_point deadline);

    [[nodiscard]] async::Shard& shard() noexcept { return shard_; }
    [[nodiscard]] Counters& counters() noexcept { return counters_; }
    [[nodiscard]] BodyBudget& bodies() noexcept { return bodies_; }  ///< Of the whole server.
    [[nodiscard]] DateText& date() noexcept { return date_; }
    [[nodiscard]] std::string next_request_id();

private:
    void ended(std::list<Connection>::iterator connection, std::exception_ptr const& error);

    async::Shard& shard_;
    std::atomic<std::size_t>& open_;
    BodyBudget& bodies_;
    Counters counters_;
    DateText date_;
    std::string id_prefix_;
    std::uint64_t last_id_ = 0;
    bool draining_ = false;
    std::list<Connection> connections_;
    async::Timer changed_;
};

}  // namespace macp::http
