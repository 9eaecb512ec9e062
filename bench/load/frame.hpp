#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace macp::bench {

enum class Opcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

/// A WebSocket frame as a server sends it: unmasked.
struct Frame {
    Opcode opcode = Opcode::Text;
    bool final = true;
    std::string_view payload{};
    std::size_t size = 0;  ///< Header and payload; 0: not complete yet.
};

/// Reads the frame at the start of `text`.
[[nodiscard]] Frame read_frame(std::string_view text);

/// A client's frame (masked with a key of zeros) of at most 125 bytes.
[[nodiscard]] std::string client_frame(Opcode opcode, std::string_view payload);

/// The request that asks to upgrade. `protocol`: the sub-protocol to offer; empty: none.
[[nodiscard]] std::string upgrade_request(
    std::string const& host, std::string const& path, std::string const& protocol
);

}  // namespace macp::bench
