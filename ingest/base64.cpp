#include "ingest/base64.hpp"

namespace macp::ingest {

std::string base64(std::string_view bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        auto const byte = [&](std::size_t i) {
            return at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U;
        };
        unsigned const group = (byte(0) << 16U) | (byte(1) << 8U) | byte(2);
        for (unsigned i = 0; i < 4; ++i) {
            out += at + i <= bytes.size() ? digits[(group >> (18U - 6U * i)) & 0x3fU] : '=';
        }
    }
    return out;
}

}  // namespace macp::ingest
