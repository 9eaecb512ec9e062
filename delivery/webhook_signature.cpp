#include "delivery/webhook_signature.hpp"

#include "core/id.hpp"
#include "core/number.hpp"
#include "delivery/base64.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

namespace macp::delivery {
namespace {

constexpr std::string_view hmac_prefix = "whsec_";
constexpr std::string_view private_prefix = "whsk_";
constexpr std::string_view public_prefix = "whpk_";
constexpr std::string_view hmac_version = "v1,";
constexpr std::string_view ed25519_version = "v1a,";
constexpr std::size_t seed_bytes = 32;

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, Freed<EVP_MAC_CTX_free>>;
using Mac = std::unique_ptr<EVP_MAC, Freed<EVP_MAC_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;

/// OpenSSL fails here only when memory has run out or the library is broken.
void require(bool done) {
    if (!done) throw std::runtime_error{"OpenSSL cannot sign"};
}

unsigned char const* bytes_of(std::string_view text) {
    return reinterpret_cast<unsigned char const*>(text.data());
}

std::string joined(std::string_view id, std::string_view timestamp, std::string_view body) {
    std::string out;
    out.reserve(id.size() + timestamp.size() + body.size() + 2);
    out.append(id).append(1, '.').append(timestamp).append(1, '.').append(body);
    return out;
}

/// A context that has taken the key: copying it is cheaper than setting one up for each request.
MacContext keyed_hmac(std::string_view secret) {
    Mac const mac{EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr)};
    MacContext context{EVP_MAC_CTX_new(mac.get())};
    std::string digest = "SHA256";
    std::array const parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), OSSL_PARAM_construct_end()
    };
    require(context && EVP_MAC_init(context.get(), bytes_of(secret), secret.size(), parameters.data()) == 1);
    return context;
}

tl::unexpected<core::Error> refuse(std::string message) {
    return core::fail(core::ErrorCode::InvalidField, std::move(message));
}

}  // namespace

struct WebhookKey::Impl {
    MacContext hmac{};  ///< Either this
    Key ed25519{};      ///< or that.
    bool signs = true;

    [[nodiscard]] std::string hmac_of(std::string_view id, std::string_view timestamp, std::string_view body) const {
        MacContext const context{EVP_MAC_CTX_dup(hmac.get())};
        require(context != nullptr);
        for (auto const part : {id, std::string_view{"."}, timestamp, std::string_view{"."}, body}) {
            require(EVP_MAC_update(context.get(), bytes_of(part), part.size()) == 1);
        }
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        std::size_t size = 0;
        require(EVP_MAC_final(context.get(), digest.data(), &size, digest.size()) == 1);
        return to_base64({reinterpret_cast<char const*>(digest.data()), size});
    }

    [[nodiscard]] std::string ed25519_of(std::string_view message) const {
        DigestContext const context{EVP_MD_CTX_new()};
        std::array<unsigned char, 64> signature{};
        std::size_t size = signature.size();
        require(
            context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, ed25519.get()) == 1 &&
            EVP_DigestSign(context.get(), signature.data(), &size, bytes_of(message), message.size()) == 1
        );
        return to_base64({reinterpret_cast<char const*>(signature.data()), size});
    }

    [[nodiscard]] bool ed25519_fits(std::string_view signature, std::string_view message) const {
        DigestContext const context{EVP_MD_CTX_new()};
        require(context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, ed25519.get()) == 1);
        return EVP_DigestVerify(
                   context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size()
               ) == 1;
    }
};

WebhookKey::WebhookKey(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
WebhookKey::WebhookKey(WebhookKey&&) noexcept = default;
WebhookKey& WebhookKey::operator=(WebhookKey&&) noexcept = default;
WebhookKey::~WebhookKey() = default;

core::Result<WebhookKey> WebhookKey::parse(std::string_view secret) {
    auto const is = [secret](std::string_view prefix) { return secret.starts_with(prefix); };
    if (!is(hmac_prefix) && !is(private_prefix) && !is(public_prefix)) {
        return refuse("a webhook secret begins with `whsec_` (HMAC), `whsk_` or `whpk_` (ed25519)");
    }
    auto const prefix = secret.substr(0, secret.find('_') + 1);
    auto const bytes = from_base64(secret.substr(prefix.size()));
    if (!bytes) return refuse("what follows `" + std::string{prefix} + "` must be base64");

    auto impl = std::make_unique<Impl>();
    auto const got = ", got " + std::to_string(bytes->size());
    if (prefix == hmac_prefix) {
        if (bytes->size() < 24 || bytes->size() > 64) return refuse("a `whsec_` secret holds 24 to 64 bytes" + got);
        impl->hmac = keyed_hmac(*bytes);
        return WebhookKey{std::move(impl)};
    }
    if (prefix == public_prefix) {
        if (bytes->size() != seed_bytes) return refuse("a `whpk_` key holds 32 bytes" + got);
        impl->signs = false;
        impl->ed25519.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(*bytes), seed_bytes));
    } else {
        if (bytes->size() != seed_bytes && bytes->size() != 2 * seed_bytes) {
            return refuse("a `whsk_` key holds 32 bytes (the seed) or 64 (seed and public key)" + got);
        }
        impl->ed25519.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(*bytes), seed_bytes));
    }
    if (!impl->ed25519) return refuse("`" + std::string{prefix} + "` is followed by no ed25519 key");
    return WebhookKey{std::move(impl)};
}

bool WebhookKey::can_sign() const noexcept {
    return impl_->signs;
}

std::string WebhookKey::sign(std::string_view id, std::string_view timestamp, std::string_view body) const {
    if (impl_->hmac) return std::string{hmac_version} + impl_->hmac_of(id, timestamp, body);
    return std::string{ed25519_version} + impl_->ed25519_of(joined(id, timestamp, body));
}

bool WebhookKey::verifies(
    std::string_view signature, std::string_view id, std::string_view timestamp, std::string_view body
) const {
    if (impl_->hmac) return core::equal_in_constant_time(signature, sign(id, timestamp, body));
    if (!signature.starts_with(ed25519_version)) return false;
    auto const bytes = from_base64(signature.substr(ed25519_version.size()));
    return bytes && impl_->ed25519_fits(*bytes, joined(id, timestamp, body));
}

namespace {

core::Result<std::vector<WebhookKey>> parse_all(std::span<std::string const> secrets, bool to_sign) {
    std::vector<WebhookKey> keys;
    for (std::size_t i = 0; i < secrets.size(); ++i) {
        auto const field = "/secrets/" + std::to_string(i);
        auto key = WebhookKey::parse(secrets[i]);
        if (!key) return core::fail(core::ErrorCode::InvalidField, key.error().message, field);
        if (to_sign && !key->can_sign()) {
            return core::fail(
                core::ErrorCode::InvalidField, "a `whpk_` key can only verify; sign with `whsk_` or `whsec_`", field
            );
        }
        keys.push_back(*std::move(key));
    }
    return keys;
}

}  // namespace

core::Result<WebhookSigner> WebhookSigner::make(std::span<std::string const> secrets) {
    auto keys = parse_all(secrets, true);
    if (!keys) return core::pass_on(keys);
    WebhookSigner signer;
    signer.keys_ = *std::move(keys);
    return signer;
}

WebhookHeaders WebhookSigner::sign(std::string id, core::Time now, std::string_view body) const {
    auto const seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    WebhookHeaders headers{.id = std::move(id), .timestamp = std::to_string(seconds)};
    for (auto const& key : keys_) {
        if (!headers.signature.empty()) headers.signature += ' ';
        headers.signature += key.sign(headers.id, headers.timestamp, body);
    }
    return headers;
}

core::Result<WebhookVerifier> WebhookVerifier::make(std::span<std::string const> secrets) {
    if (secrets.empty()) return core::fail(core::ErrorCode::InvalidField, "no secret to verify with", "/secrets");
    auto keys = parse_all(secrets, false);
    if (!keys) return core::pass_on(keys);
    WebhookVerifier verifier;
    verifier.keys_ = *std::move(keys);
    return verifier;
}

core::Result<void> WebhookVerifier::verify(WebhookHeaders const& headers, std::string_view body, core::Time now) const {
    auto const refuse = [](std::string message, std::string field) {
        return core::fail(core::ErrorCode::Unauthorized, std::move(message), std::move(field));
    };
    if (headers.id.empty()) return refuse("the header webhook-id is missing", "webhook-id");
    auto const seconds = core::parse_number<std::int64_t>(headers.timestamp);
    if (!seconds) return refuse("the header webhook-timestamp must be Unix seconds", "webhook-timestamp");
    auto const now_seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    if (*seconds < now_seconds - tolerance.count()) {
        return refuse("the timestamp is more than five minutes old", "webhook-timestamp");
    }
    if (*seconds > now_seconds + tolerance.count()) {
        return refuse("the timestamp is more than five minutes ahead", "webhook-timestamp");
    }
    for (std::string_view rest{headers.signature}; !rest.empty();) {
        auto const signature = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(rest.size(), signature.size() + 1));
        for (auto const& key : keys_) {
            if (key.verifies(signature, headers.id, headers.timestamp, body)) return {};
        }
    }
    return refuse("no signature fits", "webhook-signature");
}

}  // namespace macp::delivery
