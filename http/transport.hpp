#pragma once

#include "async/task.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <memory>
#include <span>
#include <string>

namespace macp::http {

namespace asio = boost::asio;
using Socket = asio::basic_stream_socket<asio::ip::tcp, async::Executor>;

struct IoResult {
    async::ErrorCode error{};
    std::size_t bytes = 0;
};

/// One accepted connection: plain, or TLS over the same socket.
///
/// Threads: its shard only. One read and one write may be in flight at once. Cancellation: `close` ends both with an
/// error.
class Transport {
public:
    explicit Transport(Socket socket);
    Transport(Transport const&) = delete;
    Transport& operator=(Transport const&) = delete;
    ~Transport();

    /// Makes it a TLS connection: server side handshake. `context` must outlive the handshake.
    [[nodiscard]] async::Task<IoResult> handshake(std::shared_ptr<asio::ssl::context> context);

    [[nodiscard]] bool is_tls() const noexcept { return tls_ != nullptr; }
    /// The socket itself: for a data path of its own (plain connections), and for its address.
    [[nodiscard]] Socket& socket() noexcept { return socket_; }

    /// Reads what there is, at least one byte.
    [[nodiscard]] async::Task<IoResult> read_some(std::span<char> into);
    /// Writes everything. `pieces` and what they point to must live until it is done.
    [[nodiscard]] async::Task<IoResult> write(std::span<asio::const_buffer const> pieces);
    [[nodiscard]] async::Task<IoResult> write(std::string_view bytes);

    /// Says goodbye (TLS close_notify, FIN) without waiting for the peer's.
    [[nodiscard]] async::Task<> shutdown();
    /// Drops the connection; pending operations end with an error. Idempotent.
    void close() noexcept;

private:
    Socket socket_;
    std::shared_ptr<asio::ssl::context> tls_context_;
    std::unique_ptr<asio::ssl::stream<Socket&>> tls_;
};

}  // namespace macp::http
