#include "delivery/base64.hpp"

#include <openssl/evp.h>

namespace macp::delivery {
namespace {

unsigned char const* bytes_of(std::string_view text) {
    return reinterpret_cast<unsigned char const*>(text.data());
}

}  // namespace

std::string to_base64(std::string_view bytes) {
    std::string out(4 * ((bytes.size() + 2) / 3), '\0');  // OpenSSL adds a zero byte: std::string has room for one
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(bytes), static_cast<int>(bytes.size()));
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    auto const digits = text.substr(0, text.find('='));
    auto const padding = text.substr(digits.size());
    auto const missing = (4 - digits.size() % 4) % 4;
    auto const padded = padding.empty() || padding == std::string_view{"=="}.substr(0, missing);
    if (missing == 3 || !padded || digits.find_first_not_of(alphabet) != std::string_view::npos) return std::nullopt;

    auto const whole = std::string{digits}.append(missing, '=');
    std::string out(whole.size() / 4 * 3, '\0');
    EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(whole), static_cast<int>(whole.size()));
    out.resize(out.size() - missing);
    return out;
}

}  // namespace macp::delivery
