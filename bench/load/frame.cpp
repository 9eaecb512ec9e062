#include "bench/load/frame.hpp"

namespace macp::bench {

Frame read_frame(std::string_view text) {
    auto const byte = [text](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
    if (text.size() < 2) return {};
    std::size_t length = byte(1) & 0x7fU;
    std::size_t header = 2;
    if (length >= 126) {
        std::size_t const width = length == 126 ? 2 : 8;
        if (text.size() < 2 + width) return {};
        length = 0;
        for (std::size_t i = 0; i < width; ++i) length = length << 8 | byte(2 + i);
        header += width;
    }
    if (text.size() - header < length) return {};
    return {
        .opcode = static_cast<Opcode>(byte(0) & 0x0fU),
        .final = (byte(0) & 0x80U) != 0,
        .payload = text.substr(header, length),
        .size = header + length,
    };
}

std::string client_frame(Opcode opcode, std::string_view payload) {
    payload = payload.substr(0, 125);
    std::string out;
    out.push_back(static_cast<char>(0x80U | static_cast<unsigned>(opcode)));
    out.push_back(static_cast<char>(0x80U | payload.size()));
    return out.append(4, '\0').append(payload);
}

std::string upgrade_request(std::string const& host, std::string const& path, std::string const& protocol) {
    std::string out = "GET " + path + " HTTP/1.1\r\nHost: " + host +
                      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    if (!protocol.empty()) out += "Sec-WebSocket-Protocol: " + protocol + "\r\n";
    return out + "\r\n";
}

}  // namespace macp::bench
