#include "http/connection.hpp"

#include "async/shard.hpp"
#include "http/session.hpp"
#include "http/sessions.hpp"

namespace macp::http {
namespace {

std::string host_text(asio::ip::address const& address) {
    return address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
}

bool is_loopback(asio::ip::address const& address) {
    if (address.is_loopback()) return true;
    return address.is_v6() && address.to_v6().is_v4_mapped() &&
           asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
}

Ends ends_of(Socket const& socket) {
    async::ErrorCode ignored;
    auto const remote = socket.remote_endpoint(ignored);
    auto const local = socket.local_endpoint(ignored);
    return {
        .remote = host_text(remote.address()) + ":" + std::to_string(remote.port()),
        .local_host = host_text(local.address()),
        .local_port = std::to_string(local.port()),
        .remote_is_loopback = is_loopback(remote.address()),
        .local_is_loopback = is_loopback(local.address()),
    };
}

}  // namespace

Connection::Connection(Sessions& sessions, Door const& door, Socket socket, bool refused)
    : sessions_{sessions},
      door_{door},
      transport_{std::make_unique<Transport>(std::move(socket))},
      ends_{ends_of(transport_->socket())},
      refused_{refused} {}

async::Task<> Connection::run() {
    if (door_.tls != nullptr) {
        if (refused_) co_return;
        wait_for(Wait::Peer, door_.limits.header_timeout);
        auto const shaken = co_await transport_->handshake(door_.tls->context());
        if (shaken.error) co_return;
    }
    if (refused_) {
        co_await refuse_connection(*this);
        co_return;
    }
    auto handover = co_await serve_http(*this);
    cancel();
    if (!handover.take) co_return;
    // The taker lives as long as what it started: it may be a closure.
    co_await handover.take(std::move(transport_), std::move(handover.leftover));
}

void Connection::wait_for(Wait what, Limits::Duration limit) {
    wait_ = what;
    timed_out_ = false;
    sessions_.shard().wheel().arm(*this, limit);
}

void Connection::expired() {
    timed_out_ = true;
    if (wait_ == Wait::Handler) {
        signal_.emit(asio::cancellation_type::terminal);
    } else if (wait_ == Wait::Request) {
        async::ErrorCode ignored;
        transport_->socket().cancel(ignored);
    } else {
        transport_->close();
    }
}

void Connection::close_if_idle() noexcept {
    if (idle_ && transport_) transport_->close();
}

void Connection::cancel_for_good() {
    cancelled_ = true;
    if (transport_) transport_->close();
    signal_.emit(asio::cancellation_type::terminal);
}

}  // namespace macp::http
