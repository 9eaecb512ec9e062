#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace macp::ws {

/// RFC 6455 §5.2.
enum class Opcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

/// Close codes that we send; RFC 6455 §7.4.1, from 4000 on our own.
enum class CloseCode : std::uint16_t {
    Normal = 1000,
    GoingAway = 1001,
    ProtocolError = 1002,
    UnsupportedData = 1003,
    InvalidPayload = 1007,
    Policy = 1008,
    TooBig = 1009,
    Internal = 1011,
    BadCommand = 4400,
    Idle = 4408,
};

/// Appends the header of an unmasked, final frame (server to client).
void append_frame_header(std::string& out, Opcode opcode, std::size_t payload_bytes);
void append_frame(std::string& out, Opcode opcode, std::string_view payload);
/// `reason` is cut to what a control frame can hold.
void append_close_frame(std::string& out, CloseCode code, std::string_view reason);

/// What a Close frame says: its code (1005 when it has none) and reason.
struct CloseReason {
    std::uint16_t code = 1005;
    std::string_view reason{};
};

/// Takes client frames apart: unmasks, puts fragments together, checks everything that RFC 6455 forbids.
/// Holds no memory between messages. Threads: one at a time.
class FrameDecoder {
public:
    enum class Status : std::uint8_t { NeedMore, Message, Failed };

    /// `max_message_bytes`: a longer message (all its fragments) fails with TooBig.
    explicit FrameDecoder(std::size_t max_message_bytes) : max_message_bytes_{max_message_bytes} {}

    /// Eats from the front of `input` up to the end of the next message or control frame.
    /// Message: `opcode()` and `payload()` are valid until the next call. Failed: `error()` is the code to close with.
    [[nodiscard]] Status next(std::string_view& input);

    [[nodiscard]] Opcode opcode() const noexcept { return opcode_; }
    [[nodiscard]] std::string_view payload() const noexcept { return is_control(opcode_) ? control_ : message_; }
    [[nodiscard]] CloseCode error() const noexcept { return error_; }
    /// Of a Close frame that `next` has let through.
    [[nodiscard]] CloseReason close_reason() const;

private:
    enum class Step : std::uint8_t { Header, Payload };

    [[nodiscard]] static bool is_control(Opcode opcode) noexcept { return static_cast<unsigned>(opcode) >= 8; }
    /// True: it is complete. False: more bytes are needed, or it failed.
    [[nodiscard]] bool read_frame(std::string_view& input);
    [[nodiscard]] bool read_header(std::string_view& input);
    [[nodiscard]] bool check_header(std::uint8_t first, std::uint64_t length);
    void read_payload(std::string_view& input);
    [[nodiscard]] Status finish_frame();
    [[nodiscard]] Status finish_control();
    Status fail(CloseCode code);
    void release();

    std::size_t max_message_bytes_;
    std::string message_;
    std::string control_;
    std::uint64_t remaining_ = 0;
    std::array<std::uint8_t, 14> header_{};
    std::uint8_t header_size_ = 0;
    std::array<std::uint8_t, 4> mask_{};
    std::uint8_t mask_at_ = 0;
    Step step_ = Step::Header;
    Opcode frame_opcode_ = Opcode::Text;  ///< Of the frame being read.
    Opcode message_opcode_ = Opcode::Text;
    Opcode opcode_ = Opcode::Text;  ///< Of what `next` returned last.
    CloseCode error_ = CloseCode::Normal;
    bool final_ = false;
    bool in_message_ = false;  ///< A fragmented message has begun.
    bool release_next_ = false;
    bool failed_ = false;
};

}  // namespace macp::ws
