#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/role.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace macp::testing {

/// The server's end of one connection, in blocking style, byte for byte. Everything ends quietly once the other side
/// or the test is gone: reads give nothing, writes do nothing.
class Peer {
public:
    using executor_type = boost::asio::ip::tcp::socket::executor_type;

    Peer(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls);
    ~Peer();

    /// The next HTTP request, header and body; empty when there is none.
    std::string read_request();
    void send(std::string_view bytes);
    /// 200 with JSON and its length.
    void answer(std::string_view body) { answer("200 OK", body); }
    void answer(std::string_view status, std::string_view body, std::string_view more_headers = {});
    /// Reads until the other side has closed; a WebSocket's close is answered.
    void wait_for_close();
    /// Drops the connection.
    void close();

    /// Reads the upgrade request, takes it with this sub-protocol, and returns it.
    std::string upgrade(std::string_view subprotocol = {});
    void send_text(std::string_view text);
    /// The next message; empty once closed.
    std::string read_text();
    void send_close(std::uint16_t code, std::string_view reason = {});
    /// The code that the other side closed with; 0 while it has not.
    [[nodiscard]] std::uint16_t close_code() const;
    void send_ping();
    [[nodiscard]] std::size_t pongs() const { return pongs_; }

    // What Beast's WebSocket asks of a stream.
    executor_type get_executor() { return socket_.get_executor(); }
    template <class Buffers>
    std::size_t read_some(Buffers const& buffers, boost::system::error_code& error) {
        return tls_ ? tls_->read_some(buffers, error) : socket_.read_some(buffers, error);
    }
    template <class Buffers>
    std::size_t write_some(Buffers const& buffers, boost::system::error_code& error) {
        return tls_ ? tls_->write_some(buffers, error) : socket_.write_some(buffers, error);
    }

    template <class Buffers>
    std::size_t read_some(Buffers const& buffers) {
        return tls_ ? tls_->read_some(buffers) : socket_.read_some(buffers);
    }
    template <class Buffers>
    std::size_t write_some(Buffers const& buffers) {
        return tls_ ? tls_->write_some(buffers) : socket_.write_some(buffers);
    }

private:
    struct WebSocket;
    boost::asio::ip::tcp::socket socket_;
    std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
    std::string ahead_;  ///< Read, but not yet used.
    std::unique_ptr<WebSocket> ws_;
    std::size_t pongs_ = 0;
};

/// A loopback server that plays one script a connection, in the order of their coming; more connections are closed.
/// Destroying it ends all scripts.
class ScriptedServer {
public:
    using Script = std::function<void(Peer&)>;

    explicit ScriptedServer(std::vector<Script> scripts, boost::asio::ssl::context* tls = nullptr);
    ScriptedServer(ScriptedServer const&) = delete;
    ScriptedServer& operator=(ScriptedServer const&) = delete;
    ~ScriptedServer();

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url() const {
        return (tls_ != nullptr ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
    }
    /// Connections that have come so far.
    [[nodiscard]] std::size_t connections();

private:
    void accept();

    boost::asio::io_context loop_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::ssl::context* tls_;
    std::uint16_t port_;
    std::vector<Script> scripts_;
    std::mutex mutex_;
    bool stopping_ = false;
    std::size_t connections_ = 0;
    std::vector<int> open_;
    std::vector<std::thread> players_;
    std::thread acceptor_thread_;
};

/// A port of loopback that nobody listens on.
[[nodiscard]] std::uint16_t closed_port();

}  // namespace macp::testing
