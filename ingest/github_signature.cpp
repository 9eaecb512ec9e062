#include "ingest/github_signature.hpp"

#include "core/id.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <string>

namespace macp::ingest {

bool github_signature_fits(std::string_view secret, std::string_view body, std::string_view header) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    auto const* const bytes = reinterpret_cast<unsigned char const*>(body.data());
    if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes, body.size(), digest.data(), &size) ==
        nullptr) {
        return false;
    }
    constexpr std::string_view hex = "0123456789abcdef";
    std::string wanted{"sha256="};
    for (unsigned i = 0; i < size; ++i) {
        wanted += hex[digest[i] >> 4U];
        wanted += hex[digest[i] & 0x0fU];
    }
    return core::equal_in_constant_time(wanted, header);
}

}  // namespace macp::ingest
