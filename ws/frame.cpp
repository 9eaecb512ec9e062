#include "ws/frame.hpp"

#include "core/json.hpp"

#include <algorithm>
#include <span>

namespace macp::ws {
namespace {

constexpr std::size_t max_control_payload = 125;

bool is_known(Opcode opcode) {
    switch (opcode) {
        case Opcode::Continuation:
        case Opcode::Text:
        case Opcode::Binary:
        case Opcode::Close:
        case Opcode::Ping:
        case Opcode::Pong:
            return true;
    }
    return false;
}

/// Codes that may stand in a Close frame: RFC 6455 §7.4 and the registry's later ones.
bool is_valid_close_code(std::uint16_t code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

std::uint16_t read_code(std::string_view payload) {
    return static_cast<std::uint16_t>(
        (static_cast<unsigned char>(payload[0]) << 8U) | static_cast<unsigned char>(payload[1])
    );
}

/// Bytes of a client frame's header, by its second byte.
std::size_t header_length(std::uint8_t second) {
    constexpr std::size_t fixed_and_mask = 6;
    auto const length = second & 0x7fU;
    return fixed_and_mask + (length == 126 ? 2U : length == 127 ? 8U : 0U);
}

std::uint64_t read_big_endian(std::span<std::uint8_t const> bytes) {
    std::uint64_t value = 0;
    for (auto const byte : bytes) value = (value << 8U) | byte;
    return value;
}

}  // namespace

void append_frame_header(std::string& out, Opcode opcode, std::size_t payload_bytes) {
    out += static_cast<char>(0x80U | static_cast<unsigned>(opcode));
    if (payload_bytes <= max_control_payload) {
        out += static_cast<char>(payload_bytes);
        return;
    }
    int const bytes = payload_bytes <= 0xffff ? 2 : 8;
    out += bytes == 2 ? '\x7e' : '\x7f';
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(payload_bytes >> (8 * i));
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload) {
    append_frame_header(out, opcode, payload.size());
    out += payload;
}

void append_close_frame(std::string& out, CloseCode code, std::string_view reason) {
    reason = reason.substr(0, max_control_payload - 2);
    while (!core::is_utf8(reason)) reason.remove_suffix(1);  // never cut inside a code point
    append_frame_header(out, Opcode::Close, reason.size() + 2);
    out += static_cast<char>(static_cast<unsigned>(code) >> 8U);
    out += static_cast<char>(code);
    out += reason;
}

FrameDecoder::Status FrameDecoder::next(std::string_view& input) {
    if (failed_) return Status::Failed;
    if (release_next_) release();
    auto status = Status::NeedMore;
    while (status == Status::NeedMore && read_frame(input)) status = finish_frame();
    return failed_ ? Status::Failed : status;
}

bool FrameDecoder::read_frame(std::string_view& input) {
    if (step_ == Step::Header && !read_header(input)) return false;
    read_payload(input);
    if (remaining_ != 0) return false;
    step_ = Step::Header;
    header_size_ = 0;
    return true;
}

bool FrameDecoder::read_header(std::string_view& input) {
    // Twice at the most: the first two bytes say how long the header is.
    while (header_size_ < 2 || header_size_ < header_length(header_[1])) {
        auto const needed = header_size_ < 2 ? 2 : header_length(header_[1]);
        auto const take = std::min(input.size(), needed - header_size_);
        if (take == 0) return false;
        std::ranges::copy(input.substr(0, take), header_.begin() + header_size_);
        header_size_ = static_cast<std::uint8_t>(header_size_ + take);
        input.remove_prefix(take);
        if (header_size_ == 2 && (header_[1] & 0x80U) == 0) {  // clients must mask: §5.1
            fail(CloseCode::ProtocolError);
            return false;
        }
    }
    auto const length_bytes = header_length(header_[1]) - 2 - mask_.size();
    auto const after_size = std::span{header_}.subspan(2);
    auto const length = length_bytes == 0 ? header_[1] & 0x7fU : read_big_endian(after_size.first(length_bytes));
    if (!check_header(header_[0], length)) return false;
    std::ranges::copy(after_size.subspan(length_bytes, mask_.size()), mask_.begin());
    mask_at_ = 0;
    remaining_ = length;
    step_ = Step::Payload;
    return true;
}

bool FrameDecoder::check_header(std::uint8_t first, std::uint64_t length) {
    final_ = (first & 0x80U) != 0;
    frame_opcode_ = static_cast<Opcode>(first & 0x0fU);
    bool const reserved_bits = (first & 0x70U) != 0;
    bool const control = is_control(frame_opcode_);
    bool const misplaced = !control && (frame_opcode_ == Opcode::Continuation) != in_message_;
    bool const bad_control = control && (!final_ || length > max_control_payload);
    if (reserved_bits || !is_known(frame_opcode_) || misplaced || bad_control) {
        fail(CloseCode::ProtocolError);
        return false;
    }
    if (!control && length > max_message_bytes_ - std::min(max_message_bytes_, message_.size())) {
        fail(CloseCode::TooBig);
        return false;
    }
    if (!control && !in_message_) message_opcode_ = frame_opcode_;
    if (!control) in_message_ = true;
    return true;
}

void FrameDecoder::read_payload(std::string_view& input) {
    auto& into = is_control(frame_opcode_) ? control_ : message_;
    auto const take = static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), remaining_));
    auto const begin = into.size();
    into.append(input, 0, take);
    for (auto at = begin; at < into.size(); ++at) {
        into[at] = static_cast<char>(static_cast<unsigned char>(into[at]) ^ mask_[mask_at_]);
        mask_at_ = (mask_at_ + 1U) & 3U;
    }
    input.remove_prefix(take);
    remaining_ -= take;
}

FrameDecoder::Status FrameDecoder::finish_frame() {
    if (is_control(frame_opcode_)) return finish_control();
    if (!final_) return Status::NeedMore;
    in_message_ = false;
    opcode_ = message_opcode_;
    release_next_ = true;
    if (opcode_ == Opcode::Text && !core::is_utf8(message_)) return fail(CloseCode::InvalidPayload);
    return Status::Message;
}

FrameDecoder::Status FrameDecoder::finish_control() {
    opcode_ = frame_opcode_;
    release_next_ = true;
    if (opcode_ == Opcode::Close && !control_.empty()) {
        if (control_.size() == 1 || !is_valid_close_code(read_code(control_))) return fail(CloseCode::ProtocolError);
        if (!core::is_utf8(std::string_view{control_}.substr(2))) return fail(CloseCode::InvalidPayload);
    }
    return Status::Message;
}

CloseReason FrameDecoder::close_reason() const {
    if (control_.size() < 2) return {};
    return {.code = read_code(control_), .reason = std::string_view{control_}.substr(2)};
}

FrameDecoder::Status FrameDecoder::fail(CloseCode code) {
    failed_ = true;
    error_ = code;
    return Status::Failed;
}

void FrameDecoder::release() {
    release_next_ = false;
    if (is_control(opcode_)) {
        control_ = {};
    } else {
        message_ = {};
    }
}

}  // namespace macp::ws
