// The WebSocket frame decoder: whatever way the bytes arrive in, the same messages come out.
#include "core/json.hpp"
#include "fuzz/fuzz.hpp"
#include "ws/frame.hpp"

#include <string>
#include <vector>

namespace {

using macp::ws::FrameDecoder;
using macp::ws::Opcode;

constexpr std::size_t max_message_bytes = 4096;

struct Seen {
    std::vector<std::pair<Opcode, std::string>> messages{};
    bool failed = false;
    macp::ws::CloseCode error{};
    bool operator==(Seen const&) const = default;
};

/// Feeds `piece`; false once the decoder has failed.
bool take(FrameDecoder& decoder, std::string_view piece, Seen& seen) {
    while (true) {
        auto const before = piece.size();
        auto const status = decoder.next(piece);
        macp::fuzz::require(piece.size() <= before, "the input only gets shorter");
        if (status == FrameDecoder::Status::NeedMore) {
            macp::fuzz::require(piece.empty(), "asks for more only when all has been eaten");
            return true;
        }
        if (status == FrameDecoder::Status::Failed) {
            seen.failed = true;
            seen.error = decoder.error();
            return false;
        }
        auto const payload = decoder.payload();
        macp::fuzz::require(payload.size() <= max_message_bytes, "no message is longer than allowed");
        if (decoder.opcode() == Opcode::Text) macp::fuzz::require(macp::core::is_utf8(payload), "text is UTF-8");
        if (decoder.opcode() == Opcode::Close) static_cast<void>(decoder.close_reason());
        seen.messages.emplace_back(decoder.opcode(), payload);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 8) return 0;
    std::uint64_t seed = 0;
    for (std::size_t at = 0; at < 8; ++at) seed = seed << 8U | data[at];
    auto const input = macp::fuzz::text_of(data + 8, size - 8);

    Seen whole;
    FrameDecoder at_once{max_message_bytes};
    take(at_once, input, whole);

    Seen pieces;
    FrameDecoder in_pieces{max_message_bytes};
    macp::fuzz::Cuts cuts{seed};
    for (auto rest = input; !rest.empty();) {
        auto const piece = rest.substr(0, cuts.next(rest.size()));
        rest.remove_prefix(piece.size());
        std::string const copy{piece};  // its own memory: reading beyond it is found
        if (!take(in_pieces, copy, pieces)) break;
    }
    macp::fuzz::require(whole == pieces, "pieces make the same messages as the whole");
    return 0;
}
