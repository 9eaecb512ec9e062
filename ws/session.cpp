#include "ws/session.hpp"

#include "ws/hub.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace macp::ws {
namespace {

using async::Task;
using std::chrono::milliseconds;

constexpr milliseconds close_patience{5000};   // for the peer's half of the closing handshake
constexpr std::size_t max_outbox = 256 << 10;  // control messages that a peer may leave unread before we stop reading
constexpr std::size_t tls_read_bytes = 4 << 10;

milliseconds to_milliseconds(double seconds) {
    return milliseconds{static_cast<std::int64_t>(seconds * 1000)};
}

}  // namespace

struct Session::TelemetryFeed {
    async::Timer timer;
    milliseconds interval;
};

Session::Session(Hub& hub, std::unique_ptr<http::Transport> transport, Format format, Peer peer)
    : hub_{hub},
      transport_{std::move(transport)},
      messages_{.format = format, .epoch = hub.log().epoch()},
      peer_{std::move(peer)},
      decoder_{hub.config().command_bytes} {
    hub_.enter(*this);
}

Session::~Session() {
    drop_view();
    hub_.leave(*this);
}

Task<> Session::run(std::shared_ptr<Session> self, std::string leftover, std::optional<Subscribe> opening) {
    auto const heartbeat = self->hub_.config().heartbeat_seconds;
    self->hub_.shard().wheel().arm(*self, to_milliseconds(heartbeat));
    if (self->format() != Format::Sse) {
        self->say(self->messages_.hello(self->hub_.log().tail().last(), static_cast<unsigned>(heartbeat)));
    }
    if (opening) self->subscribe(*opening);
    if (!leftover.empty()) self->take_in(leftover);
    leftover = {};
    while (self->state_ != State::Closed) {
        co_await self->wait_for_room();
        std::string_view bytes;
        auto const read = co_await self->read_some(bytes);
        if (read.error) break;
        self->take_in(bytes);
    }
    self->abort();
}

/// Waits for bytes first and reads them into the shard's own buffer, so that an idle peer costs no buffer.
Task<http::IoResult> Session::read_some(std::string_view& bytes) {
    if (transport_->is_tls()) {
        tls_buffer_.resize(tls_read_bytes);
        auto const read = co_await transport_->read_some(std::span{tls_buffer_});
        bytes = std::string_view{tls_buffer_}.substr(0, read.bytes);
        co_return read;
    }
    while (true) {
        auto const [waited] =
            co_await transport_->socket().async_wait(boost::asio::socket_base::wait_read, async::nothrow);
        if (waited) co_return http::IoResult{.error = waited};
        auto const into = hub_.scratch();
        auto const got = ::recv(fd(), into.data(), into.size(), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (got <= 0) co_return http::IoResult{.error = boost::asio::error::eof};
        bytes = {into.data(), static_cast<std::size_t>(got)};
        co_return http::IoResult{.bytes = bytes.size()};
    }
}

void Session::take_in(std::string_view bytes) {
    silent_beats_ = 0;
    if (format() == Format::Sse) return;  // nothing is expected from there
    while (state_ != State::Closed) {
        switch (decoder_.next(bytes)) {
            case FrameDecoder::Status::NeedMore:
                return;
            case FrameDecoder::Status::Failed:
                close(
                    decoder_.error(), decoder_.error() == CloseCode::TooBig ? "the message is too long" : "not RFC 6455"
                );
                peer_closed_ = true;  // nothing after a broken frame can be read
                end_if_done();
                return;
            case FrameDecoder::Status::Message:
                answer_control();
                break;
        }
    }
}

void Session::answer_control() {
    switch (decoder_.opcode()) {
        case Opcode::Text:
            return obey(decoder_.payload());
        case Opcode::Ping: {
            std::string frame;
            append_frame(frame, Opcode::Pong, decoder_.payload());
            return say(std::move(frame));
        }
        case Opcode::Close: {
            peer_closed_ = true;
            auto const code = decoder_.close_reason().code;
            close(code == 1005 ? CloseCode::Normal : static_cast<CloseCode>(code), {});
            return end_if_done();
        }
        case Opcode::Binary:
            return close(CloseCode::UnsupportedData, "commands are text");
        case Opcode::Pong:
        case Opcode::Continuation:
            return;
    }
}

void Session::obey(std::string_view message) {
    if (state_ != State::Open) return;
    auto const command = parse_command(message, format() != Format::CloudEvents);
    if (!command) {
        auto const& bad = command.error();
        say(messages_.error(bad.id, bad.error.message, bad.error.field));
        if (bad.fatal) close(CloseCode::BadCommand, bad.error.message);
        return;
    }
    if (auto const* wanted = std::get_if<Subscribe>(&command->what)) {
        say(messages_.ack(command->id));
        subscribe(*wanted);
    } else if (auto const* unwanted = std::get_if<Unsubscribe>(&command->what)) {
        unsubscribe(unwanted->channels);
        say(messages_.ack(command->id));
    } else {
        say(messages_.pong(command->id));
    }
}

void Session::subscribe(Subscribe const& wanted) {
    if (wanted.channels.telemetry) start_telemetry(wanted.telemetry_interval);
    if (!wanted.channels.events) return;
    drop_view();
    ++generation_;
    auto const start = events::resolve(hub_.log(), wanted.since);
    // Not the log's newest but the shard's: what lies between is on its way and belongs to this subscription.
    cursor_ = wanted.since.kind == core::Position::Kind::Now ? hub_.processed() : start.after;
    view_ = &hub_.acquire(format(), wanted.filter);
    if (start.gap) {
        hub_.counters().gaps.fetch_add(1, std::memory_order_relaxed);
        say(messages_.gap(*start.gap));
    }
    pump();
}

void Session::unsubscribe(Channels channels) {
    if (channels.telemetry) telemetry_.reset();
    if (channels.events) drop_view();
}

void Session::drop_view() {
    ++generation_;
    if (view_ != nullptr) hub_.release(*view_);
    view_ = nullptr;
}

void Session::say(std::string frame) {
    if (state_ != State::Open) return;
    outbox_ += frame;
    pump();
}

void Session::close(CloseCode code, std::string_view reason) {
    if (state_ != State::Open) return;
    telemetry_.reset();
    drop_view();
    if (format() == Format::Sse) {
        peer_closed_ = true;  // a stream has no closing handshake
    } else {
        append_close_frame(outbox_, code, reason);
    }
    state_ = State::Closing;
    hub_.shard().wheel().arm(*this, close_patience);
    pump();
    end_if_done();
}

void Session::end_if_done() {
    if (state_ == State::Closing && peer_closed_ && outbox_.empty() && !writing_) abort();
}

void Session::abort() {
    if (state_ == State::Closed) return;
    state_ = State::Closed;
    cancel();
    telemetry_.reset();
    drop_view();
    if (room_) room_->cancel();
    boost::system::error_code ignored;
    transport_->socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
    transport_->close();
}

void Session::expired() {
    if (state_ != State::Open) return abort();
    auto const& config = hub_.config();
    ++silent_beats_;
    // A stream's peer never says anything: there only a failing send tells that it is gone.
    if (format() != Format::Sse && silent_beats_ * config.heartbeat_seconds >= config.idle_timeout_seconds) {
        return close(CloseCode::Idle, "nothing heard for too long");
    }
    hub_.shard().wheel().arm(*this, to_milliseconds(config.heartbeat_seconds));
    if (outbox_.empty()) say(messages_.heartbeat());
}

Task<> Session::wait_for_room() {
    while (state_ == State::Open && outbox_.size() > max_outbox) {
        if (!room_) room_ = std::make_unique<async::Timer>(hub_.shard().executor());
        room_->expires_at(async::Timer::time_point::max());
        co_await room_->async_wait(async::nothrow);
    }
}

void Session::start_telemetry(milliseconds interval) {
    telemetry_ = std::make_unique<TelemetryFeed>(TelemetryFeed{async::Timer{hub_.shard().executor()}, interval});
    hub_.shard().tasks().spawn(feed_telemetry(shared_from_this(), ++telemetry_generation_));
}

/// The latest value at each tick; a peer that does not keep up misses ticks, never piles them up.
Task<> Session::feed_telemetry(std::shared_ptr<Session> self, std::uint64_t generation) {
    auto const current = [&self, generation] {
        return self->telemetry_ != nullptr && self->telemetry_generation_ == generation;
    };
    while (current()) {
        auto const document = co_await self->hub_.telemetry();
        if (!current()) co_return;
        if (self->outbox_.empty()) self->say(self->messages_.telemetry(document));
        if (!current()) co_return;
        self->telemetry_->timer.expires_after(self->telemetry_->interval);
        auto const [ec] = co_await self->telemetry_->timer.async_wait(async::nothrow);
        if (ec) co_return;
    }
}

}  // namespace macp::ws
