#pragma once

#include "core/position.hpp"
#include "ws/format.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace macp::testing {

class HubFixture;

/// What the gateway said, the same for every format.
struct Said {
    std::string op{};  ///< `event`, `ack`, …; control frames as `<ping>`, `<pong>`, `<close>`; `<end>`: it hung up.
    nlohmann::json body{};  ///< Of `event` the event; of `<close>` the code; of `<pong>` its text; else the message.
};

/// The other end of a session. It reads only when it is told to, and then runs the shard until there is something.
class HubPeer {
public:
    HubPeer(HubFixture& fixture, int socket, ws::Format format);
    HubPeer(HubPeer&& other) noexcept;
    HubPeer(HubPeer const&) = delete;
    HubPeer& operator=(HubPeer const&) = delete;
    HubPeer& operator=(HubPeer&&) = delete;
    ~HubPeer();

    void say(std::string_view command) { send_bytes(frame_of(1, command)); }
    void send_bytes(std::string_view bytes);
    /// Sends what the kernel takes now; returns how many bytes that were.
    [[nodiscard]] std::size_t offer(std::string_view bytes);
    [[nodiscard]] static std::string frame_of(unsigned opcode, std::string_view payload, bool final = true);

    /// The next thing said; fails the test after 20 s of nothing.
    [[nodiscard]] Said next();
    /// Reads up to the next `op`; what came before goes to `before`.
    Said until(std::string_view op, std::vector<Said>* before = nullptr);
    /// Everything said before a pong that is asked for now: what is not among it has not been sent.
    [[nodiscard]] std::vector<Said> so_far();
    /// Positions of the next events, up to `last`. Anything but events (and pings) on the way fails the test.
    [[nodiscard]] std::vector<core::Seq> seqs_up_to(core::Seq last);
    /// Takes at most so many bytes off the socket, to be looked at later. False when there are none.
    bool take_bytes(std::size_t most);
    /// Goes away as if its machine had lost power: the gateway gets a reset.
    void vanish();
    /// Text frames read so far.
    [[nodiscard]] std::size_t text_frames() const noexcept { return text_frames_; }

private:
    [[nodiscard]] std::optional<Said> parse();
    [[nodiscard]] std::optional<Said> parse_frame();
    [[nodiscard]] std::optional<Said> parse_block();
    [[nodiscard]] Said message(std::string_view text) const;

    HubFixture& fixture_;
    int socket_;
    ws::Format format_;
    std::string bytes_{};
    std::size_t at_ = 0;   ///< Parsed up to here.
    std::string lines_{};  ///< The rest of an ndjson frame.
    std::size_t text_frames_ = 0;
    std::size_t pings_ = 0;
    bool ended_ = false;
};

}  // namespace macp::testing
