#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace macp::testing {

/// A frame as a client sends it: masked.
inline std::string client_frame(unsigned opcode, std::string_view payload, bool final = true, unsigned reserved = 0) {
    constexpr std::array<unsigned char, 4> mask{0x12, 0xa4, 0x00, 0xff};
    std::string frame;
    frame += static_cast<char>((final ? 0x80U : 0U) | (reserved << 4U) | opcode);
    if (payload.size() < 126) {
        frame += static_cast<char>(0x80U | payload.size());
    } else {
        int const bytes = payload.size() <= 0xffff ? 2 : 8;
        frame += static_cast<char>(0x80U | (bytes == 2 ? 126U : 127U));
        for (int i = bytes - 1; i >= 0; --i) frame += static_cast<char>(payload.size() >> (8 * i));
    }
    for (auto const byte : mask) frame += static_cast<char>(byte);
    for (std::size_t i = 0; i < payload.size(); ++i) {
        frame += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask[i % 4]);
    }
    return frame;
}

}  // namespace macp::testing
