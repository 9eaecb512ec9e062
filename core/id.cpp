#include "core/id.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <span>
#include <system_error>

namespace macp::core {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

void fill_random(std::span<unsigned char> bytes) {
    for (std::size_t filled = 0; filled < bytes.size();) {
        auto const got = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw std::system_error{errno, std::generic_category(), "getrandom"};
        filled += static_cast<std::size_t>(got);
    }
}

/// Random bytes by the page: one system call serves many ids.
void take_random(std::span<unsigned char> bytes) {
    thread_local std::array<unsigned char, 1024> pool;
    thread_local std::size_t used = pool.size();
    if (used + bytes.size() > pool.size()) {
        fill_random(pool);
        used = 0;
    }
    for (auto& byte : bytes) byte = pool[used++];
}

}  // namespace

std::string make_uuid7(Time now) {
    // Millisecond, then 12 bits that count up within it, then 62 random bits: ids of one thread rise, and indexes
    // over them are appended to at their end.
    thread_local std::uint64_t last_stamp = 0;
    auto const millis =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count()
        );
    std::uint64_t stamp = millis << 12U;
    if (stamp <= last_stamp) stamp = last_stamp + 1;
    last_stamp = stamp;

    std::array<unsigned char, 16> bytes{};
    take_random(std::span{bytes}.subspan(8));
    for (unsigned i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>(stamp >> (52U - 8U * i));
    bytes[6] = static_cast<unsigned char>(0x70U | ((stamp >> 8U) & 0x0fU));
    bytes[7] = static_cast<unsigned char>(stamp);
    bytes[8] = static_cast<unsigned char>(0x80U | (bytes[8] & 0x3fU));

    std::string text;
    text.reserve(36);
    for (unsigned i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += hex_digits[bytes[i] >> 4U];
        text += hex_digits[bytes[i] & 0x0fU];
    }
    return text;
}

std::string random_hex(std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes; ++i) {
        unsigned char byte = 0;
        take_random({&byte, 1});
        text += hex_digits[byte >> 4U];
        text += hex_digits[byte & 0x0fU];
    }
    return text;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    unsigned difference = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < a.size(); ++i) {
        auto const other = b.empty() ? '\0' : b[i % b.size()];
        difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(other);
    }
    return difference == 0;
}

}  // namespace macp::core
