#pragma once

#include "bench/load/frame.hpp"
#include "bench/load/tally.hpp"
#include "bench/net/loop.hpp"

#include <string>
#include <string_view>

namespace macp::bench {

/// What all subscribers of a fleet have in common.
struct Subscription {
    Address address{};
    std::string path = "/ws";
    std::string protocol{};  ///< Sub-protocol to ask for; empty: none.
    bool lines = false;      ///< A frame holds several messages, one a line.
    bool greeting = false;   ///< The server says hello; a subscriber counts as open once that has come.
    int receive_buffer = 0;  ///< SO_RCVBUF in bytes; 0: the kernel's choice.
    std::string scratch{};   ///< What a read is received into; shared, for a turn runs one subscriber at a time.
};

/// One WebSocket connection that counts what it receives.
class Subscriber final : public Handler {
public:
    /// Begins to connect. `shared` and `tally` must outlive the subscriber.
    Subscriber(Loop& loop, Subscription& shared, Tally& tally);

    void on_ready(std::uint32_t events) override;

    /// From now on nothing is read but by `read_some`; or, with false, as everything comes.
    void pause(bool paused);

    /// Reads at most `limit` bytes.
    void read_some(std::size_t limit);

    [[nodiscard]] bool open() const { return state_ == State::Open && (progress_.greeted || !shared_.greeting); }
    [[nodiscard]] bool closed() const { return state_ == State::Closed; }
    [[nodiscard]] Progress const& progress() const { return progress_; }

private:
    enum class State { Connecting, Upgrading, Open, Closed };

    void request_upgrade();
    void consume(std::string_view text, std::int64_t now);
    std::size_t consume_upgrade(std::string_view text);
    void on_frame(Frame const& frame, std::int64_t now);
    void on_payload(std::string_view payload, std::int64_t now);
    void close();

    Loop& loop_;
    Subscription& shared_;
    Tally& tally_;
    Fd socket_;
    std::string carry_;      ///< The part of a frame that has come so far.
    std::string fragments_;  ///< The part of a message that has come so far, when it takes several frames.
    Progress progress_;
    State state_ = State::Connecting;
};

}  // namespace macp::bench
