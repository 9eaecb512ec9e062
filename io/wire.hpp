#pragma once

#include "async/task.hpp"
#include "core/result.hpp"
#include "io/address_guard.hpp"
#include "io/url.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace macp::io {

namespace asio = boost::asio;
namespace beast = boost::beast;

/// A client connection, plain or TLS, as one stream type: Beast's HTTP and WebSocket code is compiled for it once.
/// Threads: its loop only. For the sources of io/ alone: it drags Beast in.
class Wire {
public:
    using executor_type = async::Executor;
    using Tcp = beast::basic_stream<asio::ip::tcp, async::Executor>;

    explicit Wire(executor_type executor) : tcp_{executor} {}
    Wire(Wire const&) = delete;
    Wire& operator=(Wire const&) = delete;

    [[nodiscard]] executor_type get_executor() noexcept { return tcp_.get_executor(); }
    [[nodiscard]] Tcp& tcp() noexcept { return tcp_; }
    [[nodiscard]] beast::ssl_stream<Tcp&>& start_tls(asio::ssl::context& context) {
        return tls_.emplace(tcp_, context);
    }

    /// From now on, each single read may wait so long; 0: as `tcp().expires_…` says.
    void limit_each_read(std::chrono::milliseconds limit) noexcept { each_read_ = limit; }

    /// True while the peer has neither closed nor sent anything that nobody has read.
    [[nodiscard]] bool is_quiet();
    /// Address and port of the other end; empty once it is gone.
    [[nodiscard]] std::string peer() const;
    void close() noexcept { tcp_.close(); }

    template <class Buffers, class Handler>
    void async_read_some(Buffers const& buffers, Handler&& handler) {
        if (each_read_.count() != 0) tcp_.expires_after(each_read_);
        if (tls_) return tls_->async_read_some(buffers, std::forward<Handler>(handler));
        tcp_.async_read_some(buffers, std::forward<Handler>(handler));
    }

    template <class Buffers, class Handler>
    void async_write_some(Buffers const& buffers, Handler&& handler) {
        if (tls_) return tls_->async_write_some(buffers, std::forward<Handler>(handler));
        tcp_.async_write_some(buffers, std::forward<Handler>(handler));
    }

private:
    Tcp tcp_;
    std::optional<beast::ssl_stream<Tcp&>> tls_;
    std::chrono::milliseconds each_read_{0};
};

// What Beast looks up to end a WebSocket. Its own way waits, without a bound, for the server to close first.
inline void beast_close_socket(Wire& wire) {
    wire.close();
}
template <class Handler>
void async_teardown(beast::role_type /*role*/, Wire& wire, Handler&& handler) {
    wire.close();
    asio::post(wire.get_executor(), beast::bind_front_handler(std::forward<Handler>(handler), async::ErrorCode{}));
}

/// Shown to servers that ask for it; PEM files, both or neither.
struct ClientCertificate {
    std::string certificate_file{};
    std::string key_file{};
};

/// How to check the peer of a TLS connection, and what to show it.
/// Errors: InvalidField when a file cannot be used, named as the option it came from. An empty `ca_file`: the system's
/// authorities.
[[nodiscard]] core::Result<std::shared_ptr<asio::ssl::context>> make_tls_context(
    std::string const& ca_file, bool verify, ClientCertificate const& client = {}
);

struct WireTimeouts {
    std::chrono::milliseconds connect{5'000};    ///< Name look-up and TCP together.
    std::chrono::milliseconds handshake{5'000};  ///< TLS.
    std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();  ///< Of all of it.
};

/// Looks the host up, connects and does the TLS handshake (`tls` is used when the URL asks for it; must outlive it).
/// With a guard, only addresses that it lets pass are connected to.
/// Errors: Unavailable, saying which step failed and why; the guard's, when it refuses all addresses.
[[nodiscard]] async::Task<core::Result<std::unique_ptr<Wire>>> open_wire(
    async::Executor executor, Url url, std::shared_ptr<asio::ssl::context> tls, WireTimeouts timeouts,
    std::shared_ptr<AddressGuard const> guard = nullptr
);

}  // namespace macp::io
