#include "http/transport.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace macp::http {
namespace {

std::vector<asio::const_buffer> skip(std::span<asio::const_buffer const> pieces, std::size_t bytes) {
    std::vector<asio::const_buffer> rest;
    for (auto const& piece : pieces) {
        auto const skipped = std::min(bytes, piece.size());
        bytes -= skipped;
        if (skipped < piece.size()) rest.push_back(piece + skipped);
    }
    return rest;
}

}  // namespace

Transport::Transport(Socket socket) : socket_{std::move(socket)} {}

Transport::~Transport() {
    close();
}

async::Task<IoResult> Transport::handshake(std::shared_ptr<asio::ssl::context> context) {
    tls_context_ = std::move(context);
    tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, *tls_context_);
    auto const [ec] = co_await tls_->async_handshake(asio::ssl::stream_base::server, async::nothrow);
    co_return IoResult{.error = ec};
}

async::Task<IoResult> Transport::read_some(std::span<char> into) {
    auto const buffer = asio::buffer(into.data(), into.size());
    if (tls_) {
        auto const [ec, bytes] = co_await tls_->async_read_some(buffer, async::nothrow);
        co_return IoResult{.error = ec, .bytes = bytes};
    }
    auto const [ec, bytes] = co_await socket_.async_read_some(buffer, async::nothrow);
    co_return IoResult{.error = ec, .bytes = bytes};
}

async::Task<IoResult> Transport::write(std::span<asio::const_buffer const> pieces) {
    if (tls_) {
        auto const [ec, bytes] = co_await asio::async_write(*tls_, pieces, async::nothrow);
        co_return IoResult{.error = ec, .bytes = bytes};
    }
    // Nearly every write fits the kernel's buffer: then nothing is suspended.
    async::ErrorCode error;
    if (!socket_.non_blocking()) socket_.non_blocking(true, error);
    std::size_t sent = 0;
    if (!error) sent = pieces.size() == 1 ? socket_.write_some(pieces[0], error) : socket_.write_some(pieces, error);
    if (error && error != asio::error::would_block) co_return IoResult{.error = error};
    if (sent == asio::buffer_size(pieces)) co_return IoResult{.bytes = sent};

    auto const rest = skip(pieces, sent);
    auto const [ec, bytes] = co_await asio::async_write(socket_, rest, async::nothrow);
    co_return IoResult{.error = ec, .bytes = sent + bytes};
}

async::Task<IoResult> Transport::write(std::string_view bytes) {
    std::array const pieces{asio::buffer(bytes.data(), bytes.size())};
    co_return co_await write(std::span<asio::const_buffer const>{pieces});
}

async::Task<> Transport::shutdown() {
    if (tls_) {
        // As if the peer had said goodbye already: ours is sent, and its answer not waited for.
        ::SSL_set_shutdown(tls_->native_handle(), SSL_RECEIVED_SHUTDOWN);
        co_await tls_->async_shutdown(async::nothrow);
    }
    async::ErrorCode ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

void Transport::close() noexcept {
    async::ErrorCode ignored;
    socket_.close(ignored);
}

}  // namespace macp::http
