// The writing half of a session: straight from the ring while the peer keeps up, from the log while it does not.
#include "ws/hub.hpp"
#include "ws/session.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <cerrno>

namespace macp::ws {
namespace {

using async::Task;

constexpr std::size_t batch_bytes = 32 << 10;  // read from the log at a time for one session
constexpr int sends_per_turn = 8;              // then the others have theirs

}  // namespace

bool Session::is_ready() const noexcept {
    return state_ == State::Open && view_ != nullptr && outbox_.empty() && !writing_ && !waiting_writable_ &&
           !transport_->is_tls() && cursor_ + 1 >= view_->first();
}

void Session::pump() {
    if (writing_ || waiting_writable_ || state_ == State::Closed) return;
    if (transport_->is_tls()) return start_writer();
    for (int turn = 0; turn < sends_per_turn; ++turn) {
        if (!send_more()) return;
    }
    start_writer();  // a long way to go: as a coroutine, so that others have their turn
}

bool Session::send_more() {
    if (!outbox_.empty() && !flush_outbox()) return false;
    if (state_ != State::Open || view_ == nullptr) {
        end_if_done();
        return false;
    }
    if (cursor_ + 1 < view_->first()) {
        start_writer();
        return false;
    }
    if (cursor_ >= view_->last()) return false;
    auto& share = hub_.outgoing(*view_, format(), cursor_);
    sent(share, share.empty() ? 0 : Sender::send_now(fd(), share.pieces()));
    return !waiting_writable_ && state_ != State::Closed;
}

void Session::sent(Outgoing const& outgoing, long sent) {
    if (sent == -EAGAIN || sent == -EINTR) return wait_writable();
    if (sent < 0) return abort();
    hub_.counters().sends.fetch_add(1, std::memory_order_relaxed);
    hub_.counters().bytes.fetch_add(static_cast<std::uint64_t>(sent), std::memory_order_relaxed);
    auto left = outgoing.left_after(static_cast<std::size_t>(sent));
    cursor_ = left.cursor;
    if (left.rest.empty()) return;
    outbox_ = std::move(left.rest);
    wait_writable();
}

bool Session::flush_outbox() {
    auto const sent = ::send(fd(), outbox_.data(), outbox_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        abort();
        return false;
    }
    if (sent > 0) outbox_.erase(0, static_cast<std::size_t>(sent));
    if (!outbox_.empty()) {
        wait_writable();
        return false;
    }
    outbox_ = {};  // an idle peer costs no buffer
    if (room_) room_->cancel();
    return true;
}

void Session::wait_writable() {
    waiting_writable_ = true;
    transport_->socket().async_wait(
        boost::asio::socket_base::wait_write,
        [self = shared_from_this()](async::ErrorCode const& ec) {
            self->waiting_writable_ = false;
            if (ec) return self->abort();
            self->pump();
        }
    );
}

void Session::start_writer() {
    if (outbox_.empty() && (state_ != State::Open || view_ == nullptr || cursor_ >= view_->last())) {
        return end_if_done();
    }
    writing_ = true;
    hub_.shard().tasks().spawn(write_loop(shared_from_this()));
}

Task<> Session::write_loop(std::shared_ptr<Session> self) {
    while (self->state_ != State::Closed) {
        auto batch = std::exchange(self->outbox_, {});
        if (self->room_) self->room_->cancel();
        if (batch.empty()) batch = co_await self->next_batch();
        if (batch.empty() && self->outbox_.empty()) break;
        if (batch.empty()) continue;
        auto const written = co_await self->transport_->write(batch);
        self->hub_.counters().sends.fetch_add(1, std::memory_order_relaxed);
        self->hub_.counters().bytes.fetch_add(written.bytes, std::memory_order_relaxed);
        if (written.error) self->abort();
    }
    self->writing_ = false;
    self->end_if_done();
    if (!self->transport_->is_tls()) self->pump();
}

/// Nothing: the session has all there is, or goes on straight from the ring, or has something to say first (an ack goes
/// before the events of its subscription, and a pong does not wait for a long search).
Task<std::string> Session::next_batch() {
    std::string batch;
    while (batch.empty() && outbox_.empty() && state_ == State::Open && view_ != nullptr) {
        if (cursor_ + 1 >= view_->first()) {
            if (transport_->is_tls()) batch = batch_from_ring();
            break;
        }
        batch = co_await batch_from_log();
    }
    co_return batch;
}

std::string Session::batch_from_ring() {
    std::string batch;
    while (batch.empty() && cursor_ < view_->last()) {
        auto& share = hub_.outgoing(*view_, format(), cursor_);
        for (auto const& piece : share.pieces()) batch.append(static_cast<char const*>(piece.iov_base), piece.iov_len);
        cursor_ = share.reach();
    }
    return batch;
}

Task<std::string> Session::batch_from_log() {
    auto const generation = generation_;
    auto read = [&log = hub_.log(), after = cursor_, filter = view_->filter()] {
        return log.read(after, filter, {.bytes = batch_bytes});
    };
    auto const page = co_await hub_.readers().run(std::move(read));
    if (generation != generation_) co_return std::string{};  // it was for another subscription
    if (!page) {
        spdlog::error("cannot read the log for {}: {}", peer_.remote, page.error().message);
        close(CloseCode::Internal, "the log cannot be read now");
        co_return std::string{};
    }
    hub_.counters().catch_up_pages.fetch_add(1, std::memory_order_relaxed);
    std::string batch;
    if (auto const& gap = page->gap; gap) {
        hub_.counters().gaps.fetch_add(1, std::memory_order_relaxed);
        batch = messages_.gap(*gap);
    }
    std::string lines;
    for (std::size_t index = 0; index < page->events.size(); ++index) {
        append_event(lines, format(), page->events[index], messages_.epoch);
    }
    if (is_framed_late(format()) && !lines.empty()) append_frame_header(batch, Opcode::Text, lines.size());
    batch += lines;
    cursor_ = page->scanned;
    co_return batch;
}

}  // namespace macp::ws
