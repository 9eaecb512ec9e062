#pragma once

#include "async/timer_wheel.hpp"
#include "core/event_query.hpp"
#include "http/message.hpp"
#include "http/transport.hpp"
#include "ws/command.hpp"
#include "ws/format.hpp"
#include "ws/frame.hpp"
#include "ws/outgoing.hpp"
#include "ws/view.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace macp::ws {

class Hub;

/// Whom a session serves.
struct Peer {
    std::string id{};  ///< The request that opened it.
    std::string remote{};
    std::string caller{};  ///< Names the token; empty when none was needed.
};

/// One connection that reads the log: WebSocket or SSE. It owns a cursor, never a queue: what it has not sent yet is in
/// the ring of its shard, or in the log.
///
/// Two owners: the coroutine that reads the peer, and the wait or coroutine that writes to it.
/// Threads: its shard only.
class Session final : public std::enable_shared_from_this<Session>, private async::WheelTimer {
public:
    Session(Hub& hub, std::unique_ptr<http::Transport> transport, Format format, Peer peer);
    ~Session() override;

    /// Serves the connection until it ends. `leftover`: bytes the peer has sent already; `opening`: subscribed at once.
    [[nodiscard]] static async::Task<> run(
        std::shared_ptr<Session> self, std::string leftover, std::optional<Subscribe> opening
    );

    /// Sends what is new, as far as the peer takes it now.
    void pump();
    /// True when the shard may send for it directly: subscribed, nothing half sent, at a place that the ring holds.
    [[nodiscard]] bool is_ready() const noexcept;
    [[nodiscard]] int fd() { return transport_->socket().native_handle(); }
    [[nodiscard]] View* view() const noexcept { return view_; }
    [[nodiscard]] Format format() const noexcept { return messages_.format; }
    [[nodiscard]] core::Seq cursor() const noexcept { return cursor_; }
    [[nodiscard]] bool catching_up() const noexcept { return view_ != nullptr && writing_; }
    [[nodiscard]] bool subscribed() const noexcept { return view_ != nullptr; }
    [[nodiscard]] Peer const& peer() const noexcept { return peer_; }

    /// Takes note of a send of `outgoing` that the shard made on its behalf; `sent`: bytes, or a negative errno.
    void sent(Outgoing const& outgoing, long sent);

    /// Says goodbye: Close frame, a bounded wait for the peer's, end. SSE: end of stream.
    void close(CloseCode code, std::string_view reason);
    /// Ends at once.
    void abort();

    std::size_t hub_index = 0;  ///< The hub's note of where it keeps this session.

private:
    struct TelemetryFeed;
    enum class State : std::uint8_t { Open, Closing, Closed };

    void expired() override;
    [[nodiscard]] async::Task<http::IoResult> read_some(std::string_view& bytes);
    void take_in(std::string_view bytes);
    void answer_control();
    void obey(std::string_view message);
    void subscribe(Subscribe const& wanted);
    void unsubscribe(Channels channels);
    void say(std::string frame);
    void drop_view();

    /// Sends what one call takes. False: the peer has all there is, or it goes on elsewhere.
    [[nodiscard]] bool send_more();
    [[nodiscard]] bool flush_outbox();
    void wait_writable();
    void start_writer();
    [[nodiscard]] static async::Task<> write_loop(std::shared_ptr<Session> self);
    [[nodiscard]] async::Task<std::string> next_batch();
    [[nodiscard]] std::string batch_from_ring();
    [[nodiscard]] async::Task<std::string> batch_from_log();
    [[nodiscard]] async::Task<> wait_for_room();
    void end_if_done();

    void start_telemetry(std::chrono::milliseconds interval);
    [[nodiscard]] static async::Task<> feed_telemetry(std::shared_ptr<Session> self, std::uint64_t generation);

    Hub& hub_;
    std::unique_ptr<http::Transport> transport_;
    Messages messages_;
    Peer peer_;
    FrameDecoder decoder_;
    View* view_ = nullptr;
    core::Seq cursor_ = 0;
    std::uint64_t generation_ = 0;  ///< Of the subscription: what was read for an older one is thrown away.
    std::string outbox_;            ///< The rest of a frame half sent, then control messages.
    std::unique_ptr<TelemetryFeed> telemetry_;
    std::uint64_t telemetry_generation_ = 0;
    std::string tls_buffer_;              ///< Bytes from a TLS peer; empty on plain connections.
    std::unique_ptr<async::Timer> room_;  ///< Wakes the reader once the outbox is small again.
    std::uint32_t silent_beats_ = 0;
    State state_ = State::Open;
    bool waiting_writable_ = false;
    bool writing_ = false;  ///< `write_loop` runs: it alone writes.
    bool peer_closed_ = false;
};

}  // namespace macp::ws
