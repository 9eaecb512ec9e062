#include "http/sessions.hpp"

#include "core/id.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <spdlog/spdlog.h>

#include <array>
#include <charconv>
#include <exception>
#include <utility>

namespace macp::http {

Sessions::Sessions(async::Shard& shard, std::atomic<std::size_t>& open, BodyBudget& bodies)
    : shard_{shard},
      open_{open},
      bodies_{bodies},
      id_prefix_{core::random_hex(4) + "-"},
      changed_{shard.executor(), async::Timer::time_point::max()} {}

void Sessions::start(Door const& door, Socket socket, bool refused) {
    if (draining_) {
        open_.fetch_sub(1, std::memory_order_relaxed);
        return;
    }
    async::ErrorCode ignored;
    socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
    auto const connection = connections_.emplace(connections_.end(), *this, door, std::move(socket), refused);
    counters_.connections.add();
    counters_.connections_total.add();
    if (refused) counters_.refused.add();
    asio::co_spawn(
        shard_.executor(), connection->run(),
        asio::bind_cancellation_slot(
            connection->slot(), [this, connection](std::exception_ptr const& error) { ended(connection, error); }
        )
    );
}

void Sessions::ended(std::list<Connection>::iterator connection, std::exception_ptr const& error) {
    if (error && !connection->cancelled()) {
        try {
            std::rethrow_exception(error);
        } catch (std::exception const& bug) {
            spdlog::error("a connection of {} broke: {}", connection->ends().remote, bug.what());
        }
    }
    connections_.erase(connection);
    counters_.connections.subtract();
    open_.fetch_sub(1, std::memory_order_relaxed);
    if (connections_.empty()) changed_.cancel();
}

void Sessions::begin_drain() {
    draining_ = true;
    shard_.drain().request();
    for (auto& connection : connections_) connection.close_if_idle();
}

async::Task<> Sessions::drain(std::chrono::steady_clock::time_point deadline) {
    changed_.expires_at(deadline);
    if (!connections_.empty()) co_await changed_.async_wait(async::nothrow);
    // Emitting may end a connection at once and so erase it: step first.
    for (auto it = connections_.begin(); it != connections_.end();) (it++)->cancel_for_good();
    changed_.expires_at(async::Timer::time_point::max());
    if (!connections_.empty()) co_await changed_.async_wait(async::nothrow);
}

std::string Sessions::next_request_id() {
    std::array<char, 16> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), ++last_id_, 36).ptr;
    auto id = id_prefix_;
    id.append(digits.data(), end);
    return id;
}

}  // namespace macp::http
