#include "bench/peers/raw_epoll/connection.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace macp::bench {
namespace {

std::string_view field(std::string_view head, std::string_view name) {
    auto at = head.find(name);
    if (at == std::string_view::npos) return {};
    at += name.size();
    return head.substr(at, head.find("\r\n", at) - at);
}

std::string accept_key(std::string_view key) {
    auto const text = std::string{key} + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest.data());
    std::array<unsigned char, 32> encoded{};
    auto const size = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
    return {reinterpret_cast<char const*>(encoded.data()), static_cast<std::size_t>(size)};
}

}  // namespace

Server::Server(Address const& address) : listener_{listen_on(address)} {
    loop_.add(listener_.get(), EPOLLIN, *this);
}

void Server::on_ready(std::uint32_t /*events*/) {
    for (;;) {
        Fd socket{accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
        if (!socket.open()) return;
        auto connection = std::make_unique<Connection>(*this, std::move(socket));
        connections_.emplace(connection.get(), std::move(connection));
    }
}

void Server::run() {
    for (;;) {
        loop_.turn(std::chrono::seconds{1});
        broadcast_.flush();
        retired_.clear();
    }
}

void Server::retire(Connection& connection) {
    auto const at = connections_.find(&connection);
    if (at == connections_.end()) return;
    retired_.push_back(std::move(at->second));
    connections_.erase(at);
}

Connection::Connection(Server& server, Fd socket) : server_{server}, socket_{std::move(socket)} {
    cursor_.socket = socket_.get();
    server_.loop().add(socket_.get(), EPOLLIN, *this);
}

Connection::~Connection() {
    if (subscribed_) server_.broadcast().remove(cursor_);
}

void Connection::on_ready(std::uint32_t events) {
    if (cursor_.blocked && (events & EPOLLOUT) != 0) server_.broadcast().resume(cursor_);
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) return;

    std::array<char, std::size_t{64} << 10> buffer;  // NOLINT(*-member-init): only what recv fills is read
    auto const got = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
        server_.loop().remove(socket_.get());
        server_.retire(*this);
        return;
    }
    if (got < 0 || subscribed_) return;  // a subscriber has nothing to say that matters here
    in_.append(buffer.data(), static_cast<std::size_t>(got));
    std::string_view rest = in_;
    while (auto const used = serve_request(rest)) rest.remove_prefix(used);
    in_.erase(0, in_.size() - rest.size());
}

// Returns the size of the request; 0: it has not all come yet.
std::size_t Connection::serve_request(std::string_view text) {
    auto const end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    auto const head = text.substr(0, end + 2);
    if (auto const key = field(head, "Sec-WebSocket-Key: "); !key.empty()) {
        upgrade(key);
        return end + 4;
    }
    auto const length = field(head, "Content-Length: ");
    std::size_t body_bytes = 0;
    std::from_chars(length.data(), length.data() + length.size(), body_bytes);
    auto const size = end + 4 + body_bytes;
    if (text.size() < size) return 0;
    auto body = text.substr(end + 4, body_bytes);
    while (!body.empty()) {
        auto const line = body.substr(0, body.find('\n'));
        if (!line.empty()) server_.broadcast().append(line);
        body.remove_prefix(std::min(line.size() + 1, body.size()));
    }
    reply("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    return size;
}

void Connection::upgrade(std::string_view key) {
    reply(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
        accept_key(key) + "\r\n\r\n"
    );
    subscribed_ = true;
    server_.broadcast().add(cursor_);
    // Edge-triggered: writable again is told once, and only after a send was short.
    server_.loop().modify(socket_.get(), EPOLLIN | EPOLLOUT | EPOLLET, *this);
}

void Connection::reply(std::string_view text) const {
    send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
}

}  // namespace macp::bench
