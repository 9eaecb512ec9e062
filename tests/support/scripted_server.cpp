#include "support/scripted_server.hpp"

#include "core/ascii.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <sys/socket.h>

#include <array>
#include <charconv>

namespace macp::testing {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;

namespace {

std::size_t content_length(std::string header) {
    core::make_lower(header);
    constexpr std::string_view name = "\r\ncontent-length: ";
    auto const at = header.find(name);
    std::size_t length = 0;
    if (at != std::string::npos)
        std::from_chars(header.data() + at + name.size(), header.data() + header.size(), length);
    return length;
}

}  // namespace

void teardown(beast::role_type /*role*/, Peer& peer, error_code& /*error*/) {
    peer.close();
}
void beast_close_socket(Peer& peer) {
    peer.close();
}

struct Peer::WebSocket {
    explicit WebSocket(Peer& peer) : stream{peer} {}
    websocket::stream<Peer&, false> stream;
};

Peer::Peer(asio::ip::tcp::socket socket, asio::ssl::context* tls) : socket_{std::move(socket)} {
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
    if (tls != nullptr) tls_.emplace(socket_, *tls).handshake(asio::ssl::stream_base::server, ignored);
}

Peer::~Peer() = default;

std::string Peer::read_request() {
    std::array<char, 4096> piece{};
    auto whole = std::string::npos;
    for (;;) {
        if (auto const end = ahead_.find("\r\n\r\n"); end != std::string::npos) {
            whole = end + 4 + content_length(ahead_.substr(0, end + 2));
        }
        if (whole <= ahead_.size()) break;
        error_code error;
        auto const bytes = read_some(asio::buffer(piece), error);
        if (error) return {};
        ahead_.append(piece.data(), bytes);
    }
    auto request = ahead_.substr(0, whole);
    ahead_.erase(0, whole);
    return request;
}

void Peer::send(std::string_view bytes) {
    error_code error;
    while (!bytes.empty() && !error) bytes.remove_prefix(write_some(asio::buffer(bytes), error));
}

void Peer::answer(std::string_view status, std::string_view body, std::string_view more_headers) {
    std::string text = "HTTP/1.1 " + std::string{status} +
                       "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
                       std::string{more_headers} + "\r\n" + std::string{body};
    send(text);
}

void Peer::wait_for_close() {
    if (ws_) {
        while (close_code() == 0 && ws_->stream.is_open()) read_text();
        return;
    }
    std::array<char, 4096> piece{};
    error_code error;
    while (!error) read_some(asio::buffer(piece), error);
}

void Peer::close() {
    error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
}

std::string Peer::upgrade(std::string_view subprotocol) {
    auto text = read_request();
    beast::http::request_parser<beast::http::string_body> parser;
    error_code error;
    parser.put(asio::buffer(text), error);
    if (error) return {};
    ws_ = std::make_unique<WebSocket>(*this);
    ws_->stream.set_option(websocket::stream_base::decorator{[subprotocol](websocket::response_type& response) {
        if (!subprotocol.empty()) response.set(beast::http::field::sec_websocket_protocol, subprotocol);
    }});
    ws_->stream.control_callback([this](websocket::frame_type kind, beast::string_view) {
        if (kind == websocket::frame_type::pong) ++pongs_;
    });
    ws_->stream.text(true);
    ws_->stream.accept(parser.get(), error);
    return text;
}

void Peer::send_text(std::string_view text) {
    error_code ignored;
    ws_->stream.write(asio::buffer(text), ignored);
}

std::string Peer::read_text() {
    std::string text;
    auto buffer = asio::dynamic_buffer(text);
    error_code error;
    ws_->stream.read(buffer, error);
    return error ? std::string{} : text;
}

void Peer::send_close(std::uint16_t code, std::string_view reason) {
    websocket::close_reason why{static_cast<websocket::close_code>(code)};
    why.reason.assign(reason.data(), reason.size());
    error_code ignored;
    ws_->stream.close(why, ignored);
}

std::uint16_t Peer::close_code() const {
    return ws_->stream.reason().code;
}

void Peer::send_ping() {
    error_code ignored;
    ws_->stream.ping({}, ignored);
}

ScriptedServer::ScriptedServer(std::vector<Script> scripts, asio::ssl::context* tls)
    : acceptor_{loop_, asio::ip::tcp::endpoint{asio::ip::address_v4::loopback(), 0}},
      tls_{tls},
      port_{acceptor_.local_endpoint().port()},
      scripts_{std::move(scripts)},
      acceptor_thread_{[this] { accept(); }} {}

ScriptedServer::~ScriptedServer() {
    {
        auto const lock = std::scoped_lock{mutex_};
        stopping_ = true;
        for (auto const fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    acceptor_thread_.join();
    for (auto& player : players_) player.join();
}

std::size_t ScriptedServer::connections() {
    auto const lock = std::scoped_lock{mutex_};
    return connections_;
}

void ScriptedServer::accept() {
    for (;;) {
        error_code error;
        auto socket = acceptor_.accept(error);
        auto const lock = std::scoped_lock{mutex_};
        if (error || stopping_) return;
        auto const turn = connections_++;
        if (turn >= scripts_.size()) continue;
        open_.push_back(socket.native_handle());
        players_.emplace_back([this, turn, connection = std::move(socket)]() mutable {
            auto const fd = connection.native_handle();
            Peer peer{std::move(connection), tls_};
            scripts_[turn](peer);
            auto const done = std::scoped_lock{mutex_};
            std::erase(open_, fd);  // its number may be given out again
            peer.close();
        });
    }
}

std::uint16_t closed_port() {
    asio::io_context loop;
    asio::ip::tcp::acceptor const acceptor{loop, asio::ip::tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    return acceptor.local_endpoint().port();
}

}  // namespace macp::testing
