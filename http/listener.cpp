#include "http/listener.hpp"

#include "core/number.hpp"
#include "http/tokens.hpp"

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

namespace macp::http {
namespace {

using asio::ip::tcp;
using core::ErrorCode;

constexpr int backlog = 4096;
constexpr std::chrono::milliseconds back_off{100};
constexpr std::size_t most_refusals = 128;  ///< Connections over the limit that are told so; more are just closed.

core::Result<tcp::endpoint> parse_endpoint(std::string_view address) {
    auto const parts = split_address(address);
    if (!parts) return core::pass_on(parts);
    auto const& [host, port_text] = *parts;
    auto const port = core::parse_number<std::uint16_t>(port_text);
    async::ErrorCode error;
    auto const ip = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
    if (error || !port) {
        return core::fail(ErrorCode::InvalidField, "`" + std::string{address} + "` is not an IP address and a port");
    }
    return tcp::endpoint{ip, *port};
}

async::ErrorCode bind(Listener::Acceptor& acceptor, tcp::endpoint const& endpoint) {
    async::ErrorCode error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address{true}, error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(backlog, error);
    return error;
}

}  // namespace

core::Result<std::unique_ptr<Listener>> Listener::open(
    Options options, std::vector<Sessions*> sessions, std::atomic<std::size_t>& open
) {
    auto const endpoint = parse_endpoint(options.address);
    if (!endpoint) return core::pass_on(endpoint);
    Acceptor acceptor{sessions.front()->shard().executor()};
    auto const error = bind(acceptor, *endpoint);
    if (error)
        return core::fail(ErrorCode::Unavailable, "cannot listen on " + options.address + ": " + error.message());
    return std::make_unique<Listener>(std::move(options), std::move(sessions), open, std::move(acceptor));
}

Listener::Listener(Options options, std::vector<Sessions*> sessions, std::atomic<std::size_t>& open, Acceptor acceptor)
    : options_{std::move(options)},
      door_{.router = options_.router, .access = options_.access, .limits = options_.limits, .tls = options_.tls.get()},
      sessions_{std::move(sessions)},
      open_{open},
      acceptor_{std::move(acceptor)},
      endpoint_{acceptor_.local_endpoint()},
      tasks_{acceptor_.get_executor()} {}

void Listener::start() {
    asio::post(acceptor_.get_executor(), [this] {
        if (!stopped_) tasks_.spawn(accept_all());
    });
}

async::Task<> Listener::stop() {
    stopped_ = true;
    async::ErrorCode ignored;
    acceptor_.close(ignored);
    co_await tasks_.drain(std::chrono::seconds{0});
}

async::Task<> Listener::accept_all() {
    async::Timer pause{acceptor_.get_executor()};
    for (std::size_t turn = 0; acceptor_.is_open(); ++turn) {
        auto& target = *sessions_[turn % sessions_.size()];
        // The socket belongs to the target's loop from the start, so that its reactor alone ever knows it.
        auto [error, socket] = co_await acceptor_.async_accept(target.shard().executor(), async::nothrow);
        if (!acceptor_.is_open()) co_return;
        if (!error) {
            deal(target, std::move(socket));
            continue;
        }
        spdlog::warn("cannot accept on {}:{}: {}", endpoint_.address().to_string(), endpoint_.port(), error.message());
        pause.expires_after(back_off);
        co_await pause.async_wait(async::nothrow);
    }
}

void Listener::deal(Sessions& sessions, Socket socket) {
    auto const open = open_.fetch_add(1, std::memory_order_relaxed);
    bool const refused = open >= door_.limits.max_connections;
    if (open >= door_.limits.max_connections + most_refusals) {
        open_.fetch_sub(1, std::memory_order_relaxed);
        return;
    }
    asio::post(sessions.shard().executor(), [this, &sessions, socket = std::move(socket), refused]() mutable {
        sessions.start(door_, std::move(socket), refused);
    });
}

}  // namespace macp::http
