#include "bench/load/http_peer.hpp"

#include "bench/load/http_response.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace macp::bench {

HttpPeer::HttpPeer(Loop& loop, Address address, HttpTally& tally)
    : loop_{loop}, address_{std::move(address)}, tally_{tally}, socket_{begin_connect(address_)}, watched_{EPOLLIN} {
    reset_on_close(socket_);
    loop_.add(socket_.get(), watched_, *this);
}

void HttpPeer::on_ready(std::uint32_t events) {
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) receive();
    if ((events & EPOLLOUT) != 0) flush();
}

void HttpPeer::get(std::string const& path, std::int64_t due_ns) {
    out_.append("GET ").append(path).append(" HTTP/1.1\r\nHost: ").append(address_.text()).append("\r\n\r\n");
    due_.push_back(due_ns);
}

void HttpPeer::post(std::string const& path, std::string_view body, std::int64_t due_ns) {
    out_.append("POST ").append(path).append(" HTTP/1.1\r\nHost: ").append(address_.text());
    out_.append("\r\nContent-Type: application/x-ndjson\r\nContent-Length: ").append(std::to_string(body.size()));
    out_.append("\r\n\r\n").append(body);
    due_.push_back(due_ns);
}

void HttpPeer::flush() {
    while (sent_ < out_.size()) {
        auto const sent = send(socket_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) throw std::runtime_error{"the HTTP connection broke while sending"};
        if (sent < 0) break;
        sent_ += static_cast<std::size_t>(sent);
    }
    if (sent_ == out_.size()) {
        out_.clear();
        sent_ = 0;
    }
    watch();
}

void HttpPeer::watch() {
    std::uint32_t const wanted = out_.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT;
    if (wanted != watched_) loop_.modify(socket_.get(), wanted, *this);
    watched_ = wanted;
}

void HttpPeer::receive() {
    std::array<char, std::size_t{64} << 10> buffer;  // NOLINT(*-member-init): only what recv fills is read
    auto const got = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0 && due_.empty()) {
        loop_.remove(socket_.get());
        closed_ = true;
        return;
    }
    if (got <= 0) throw std::runtime_error{"the server closed an HTTP connection instead of answering"};
    in_.append(buffer.data(), static_cast<std::size_t>(got));
    auto const now = now_ns();
    std::string_view rest = in_;
    while (!due_.empty()) {
        auto const response = read_response(rest);
        if (response.status == 0) break;
        rest.remove_prefix(response.size);
        ++tally_.responses;
        tally_.latency.record(now - due_.front());
        due_.pop_front();
        if (response.status >= 200 && response.status < 300) continue;
        ++tally_.refusals;
        tally_.last_refusal = response.status;
    }
    in_.erase(0, in_.size() - rest.size());
}

}  // namespace macp::bench
