#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <poll.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>

namespace macp::testing {

/// Answers one HTTP request on a loopback port, whatever it is, and keeps it for the test to look at.
class FakeServer {
public:
    FakeServer(std::string status, std::string type, std::string body)
        : socket_{::socket(AF_INET, SOCK_STREAM, 0)},
          answer_{
              "HTTP/1.1 " + status + "\r\nContent-Type: " + type +
              "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body
          } {
        sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
        socklen_t size = sizeof address;
        auto* const place = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(socket_, place, size) == 0);
        REQUIRE(::listen(socket_, 4) == 0);
        REQUIRE(::getsockname(socket_, place, &size) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread{[this] { serve(); }};
    }
    FakeServer(FakeServer const&) = delete;
    FakeServer& operator=(FakeServer const&) = delete;
    ~FakeServer() {
        ::shutdown(socket_, SHUT_RDWR);
        if (thread_.joinable()) thread_.join();
        ::close(socket_);
    }

    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    /// The request, head and body. Waits for the answer to be given.
    [[nodiscard]] std::string const& request() {
        if (thread_.joinable()) thread_.join();
        return request_;
    }

private:
    void serve() {
        pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
        if (::poll(&waiting, 1, 20'000) != 1) return;
        int const peer = ::accept(socket_, nullptr, nullptr);
        if (peer < 0) return;
        std::array<char, 4096> block{};
        while (!complete()) {
            auto const got = ::recv(peer, block.data(), block.size(), 0);
            if (got <= 0) break;
            request_.append(block.data(), static_cast<std::size_t>(got));
        }
        ::send(peer, answer_.data(), answer_.size(), MSG_NOSIGNAL);
        ::close(peer);
    }

    [[nodiscard]] bool complete() const {
        auto const head = request_.find("\r\n\r\n");
        if (head == std::string::npos) return false;
        auto const length = request_.find("Content-Length: ");
        if (length == std::string::npos) return true;
        return request_.size() >= head + 4 + std::stoul(request_.substr(length + 16));
    }

    int socket_;
    unsigned port_ = 0;
    std::string answer_;
    std::string request_;
    std::thread thread_;
};

}  // namespace macp::testing
