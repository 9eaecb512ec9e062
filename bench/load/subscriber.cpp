#include "bench/load/subscriber.hpp"

#include "bench/load/http_response.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace macp::bench {
namespace {

constexpr std::size_t read_bytes = std::size_t{256} << 10;

}  // namespace

Subscriber::Subscriber(Loop& loop, Subscription& shared, Tally& tally)
    : loop_{loop}, shared_{shared}, tally_{tally}, socket_{begin_connect(shared.address, shared.receive_buffer)} {
    reset_on_close(socket_);
    loop_.add(socket_.get(), EPOLLOUT, *this);
}

void Subscriber::on_ready(std::uint32_t /*events*/) {
    if (state_ == State::Connecting) {
        request_upgrade();
        return;
    }
    read_some(std::numeric_limits<std::size_t>::max());
}

void Subscriber::request_upgrade() {
    auto const request = upgrade_request(shared_.address.text(), shared_.path, shared_.protocol);
    auto const sent = send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request.size()))
        throw std::runtime_error{"cannot connect to " + shared_.address.text()};
    loop_.modify(socket_.get(), EPOLLIN, *this);
    state_ = State::Upgrading;
}

void Subscriber::read_some(std::size_t limit) {
    if (state_ == State::Closed) return;
    auto& scratch = shared_.scratch;
    scratch.resize(std::max(scratch.size(), carry_.size() + read_bytes));
    std::memcpy(scratch.data(), carry_.data(), carry_.size());
    auto const room = std::min(scratch.size() - carry_.size(), limit);
    auto const got = recv(socket_.get(), scratch.data() + carry_.size(), room, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) close();
    if (got <= 0) return;
    consume({scratch.data(), carry_.size() + static_cast<std::size_t>(got)}, now_ns());
}

void Subscriber::consume(std::string_view text, std::int64_t now) {
    if (state_ == State::Upgrading) text.remove_prefix(consume_upgrade(text));
    while (state_ == State::Open) {
        auto const frame = read_frame(text);
        if (frame.size == 0) break;
        text.remove_prefix(frame.size);
        on_frame(frame, now);
    }
    carry_.assign(text);
}

void Subscriber::on_frame(Frame const& frame, std::int64_t now) {
    switch (frame.opcode) {
        case Opcode::Text:
        case Opcode::Continuation:
            if (frame.final && fragments_.empty()) {
                on_payload(frame.payload, now);
                return;
            }
            fragments_.append(frame.payload);
            if (!frame.final) return;
            on_payload(fragments_, now);
            fragments_.clear();
            return;
        case Opcode::Ping: {
            auto const pong = client_frame(Opcode::Pong, frame.payload);
            send(socket_.get(), pong.data(), pong.size(), MSG_NOSIGNAL);
            return;
        }
        case Opcode::Close:
            close();
            return;
        case Opcode::Pong:
            return;
        case Opcode::Binary:
            break;
    }
    throw std::runtime_error{"a frame that is neither text nor control"};
}

std::size_t Subscriber::consume_upgrade(std::string_view text) {
    auto const response = read_response(text);
    if (response.status == 0) return 0;
    if (response.status != 101)
        throw std::runtime_error{"the upgrade was refused: " + std::string{text.substr(0, 400)}};
    state_ = State::Open;
    return response.size;
}

void Subscriber::on_payload(std::string_view payload, std::int64_t now) {
    tally_.on_frame(payload.size());
    if (!shared_.lines) {
        tally_.on_message(progress_, payload, now);
        return;
    }
    while (!payload.empty()) {
        auto const line = payload.substr(0, payload.find('\n'));
        if (!line.empty()) tally_.on_message(progress_, line, now);
        payload.remove_prefix(std::min(line.size() + 1, payload.size()));
    }
}

void Subscriber::pause(bool paused) {
    loop_.modify(socket_.get(), paused ? 0U : EPOLLIN, *this);
}

void Subscriber::close() {
    loop_.remove(socket_.get());
    state_ = State::Closed;
    tally_.on_closed();
}

}  // namespace macp::bench
