#include "http/fixture.hpp"

#include "http/uri.hpp"
#include "support/run.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace macp::testing {
namespace {

constexpr std::size_t gigabyte = std::size_t{1} << 30;

std::vector<std::unique_ptr<async::Shard>> make_shards(std::size_t count) {
    std::vector<std::unique_ptr<async::Shard>> shards;
    for (std::size_t i = 0; i < count; ++i) shards.push_back(std::make_unique<async::Shard>(i));
    return shards;
}

std::vector<async::Shard*> pointers(std::vector<std::unique_ptr<async::Shard>> const& shards) {
    std::vector<async::Shard*> all;
    for (auto const& shard : shards) all.push_back(shard.get());
    return all;
}

using Make = std::function<core::Result<http::Response>(http::Request)>;

async::Task<core::Result<http::Response>> answer_with(Make make, http::Request request) {
    co_return make(std::move(request));
}

async::Task<bool> drain_server(http::HttpServer& server, std::chrono::milliseconds grace) {
    co_await server.drain(grace);
    co_return true;
}

}  // namespace

std::optional<std::string> Answer::header(std::string_view name) const {
    for (std::size_t at = head.find("\r\n") + 2; at + 2 < head.size();) {
        auto const end = head.find("\r\n", at);
        auto const line = std::string_view{head}.substr(at, end - at);
        auto const colon = line.find(':');
        if (http::equal_ignoring_case(line.substr(0, colon), name)) return std::string{line.substr(colon + 2)};
        at = end + 2;
    }
    return std::nullopt;
}

RawClient::RawClient(unsigned short port) : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
    timeval const guard{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof guard);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &guard, sizeof guard);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw std::runtime_error{"cannot connect"};
    }
}

RawClient::RawClient(RawClient&& other) noexcept
    : socket_{std::exchange(other.socket_, -1)}, buffer_{std::move(other.buffer_)} {}

RawClient::~RawClient() {
    if (socket_ >= 0) ::close(socket_);
}

void RawClient::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        auto const sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) throw std::runtime_error{"the peer does not take our bytes"};
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void RawClient::finish_sending() const {
    ::shutdown(socket_, SHUT_WR);
}

bool RawClient::fill() {
    std::array<char, 65536> bytes{};
    auto const got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw std::runtime_error{"nothing came in time"};
    was_reset_ = got < 0 && errno == ECONNRESET;
    if (got <= 0) return false;
    buffer_.append(bytes.data(), static_cast<std::size_t>(got));
    return true;
}

std::string RawClient::read_bytes(std::size_t count) {
    while (buffer_.size() < count) {
        if (!fill()) throw std::runtime_error{"the peer closed after: " + buffer_};
    }
    auto bytes = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return bytes;
}

std::string RawClient::read_line() {
    while (buffer_.find("\r\n") == std::string::npos) {
        if (!fill()) throw std::runtime_error{"the peer closed after: " + buffer_};
    }
    auto line = read_bytes(buffer_.find("\r\n") + 2);
    return line;
}

Answer RawClient::read(bool has_body) {
    Answer answer;
    do answer.head += read_line();
    while (!answer.head.ends_with("\r\n\r\n"));
    answer.status = static_cast<unsigned>(std::stoul(answer.head.substr(9, 3)));
    if (!has_body) return answer;
    if (auto const length = answer.header("Content-Length")) answer.body = read_bytes(std::stoul(*length));
    if (answer.header("Transfer-Encoding")) {
        for (auto size = std::stoul(read_line(), nullptr, 16); size > 0; size = std::stoul(read_line(), nullptr, 16)) {
            answer.body += read_bytes(size);
            REQUIRE(read_line() == "\r\n");
        }
        REQUIRE(read_line() == "\r\n");
    }
    return answer;
}

std::string RawClient::read_to_end() {
    while (fill());
    return std::exchange(buffer_, {});
}

http::Limits generous_limits() {
    return {
        .target_bytes = gigabyte,
        .header_bytes = gigabyte,
        .body_bytes = gigabyte,
        .bulk_body_bytes = gigabyte,
        .header_timeout = std::chrono::hours{1},
        .body_timeout = std::chrono::hours{1},
        .idle_timeout = std::chrono::hours{1},
        .request_timeout = std::chrono::hours{1},
        .access_log = http::AccessLogging::Off,
    };
}

TestServer::TestServer(
    std::vector<http::Route> routes, http::Limits limits, http::Access::Policy policy, std::size_t shards,
    std::optional<http::TlsFiles> tls
)
    : shards_{make_shards(shards)},
      access_{std::move(policy)},
      router_{std::move(routes)},
      server_{pointers(shards_), limits, access_} {
    auto const endpoint = server_.listen("127.0.0.1:0", router_, std::move(tls));
    if (!endpoint) throw std::runtime_error{endpoint.error().message};
    port_ = endpoint->port();
    for (auto const& shard : shards_) shard->start();
}

TestServer::~TestServer() {
    if (!drained_) drain(std::chrono::milliseconds{0});
    for (auto const& shard : shards_) shard->stop();
    for (auto const& shard : shards_) shard->join();
}

void TestServer::drain(std::chrono::milliseconds grace) {
    drained_ = true;
    run_on(main_loop_, drain_server(server_, grace));
}

http::Route route(std::string_view method, std::string_view pattern, Make make, http::BodyLimit body) {
    http::Handler handler = [make = std::move(make)](http::Request request) {
        return answer_with(make, std::move(request));
    };
    return {.method = method, .pattern = pattern, .body = body, .handler = std::move(handler)};
}

std::string get(std::string_view path, std::string_view more_headers) {
    return "GET " + std::string{path} + " HTTP/1.1\r\nHost: localhost\r\n" + std::string{more_headers} + "\r\n";
}

std::string post(std::string_view path, std::string_view body) {
    return "POST " + std::string{path} +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string{body};
}

}  // namespace macp::testing
