#pragma once

#include "core/result.hpp"
#include "core/time.hpp"

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace macp::delivery {

/// One key of the Standard Webhooks scheme. Secrets as text: `whsec_` and base64 of 24 to 64 bytes (HMAC-SHA256,
/// signatures `v1,…`); `whsk_` and base64 of an ed25519 seed of 32 bytes, or of seed and public key, 64 bytes
/// (signatures `v1a,…`); `whpk_` and base64 of an ed25519 public key, which can only verify.
/// Threads: immutable, safe from anywhere.
class WebhookKey {
public:
    /// Errors: InvalidField without a field; the message never holds the secret.
    [[nodiscard]] static core::Result<WebhookKey> parse(std::string_view secret);

    WebhookKey(WebhookKey&&) noexcept;
    WebhookKey& operator=(WebhookKey&&) noexcept;
    ~WebhookKey();

    [[nodiscard]] bool can_sign() const noexcept;
    /// `v1,<base64>` or `v1a,<base64>` over `{id}.{timestamp}.{body}`. Only when `can_sign()`.
    [[nodiscard]] std::string sign(std::string_view id, std::string_view timestamp, std::string_view body) const;
    /// `signature`: one, with its version. Constant time.
    [[nodiscard]] bool verifies(
        std::string_view signature, std::string_view id, std::string_view timestamp, std::string_view body
    ) const;

private:
    struct Impl;
    explicit WebhookKey(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// What a signed request carries beside its body.
struct WebhookHeaders {
    std::string id{};         ///< `webhook-id`: equal over all tries, never holds a dot.
    std::string timestamp{};  ///< `webhook-timestamp`: Unix seconds of this try.
    std::string signature{};  ///< `webhook-signature`: one for each key, separated by spaces.
};

/// Signs requests with every key of a target: while a secret is being changed, receivers may know either.
/// Threads: immutable, safe from anywhere.
class WebhookSigner {
public:
    /// Errors: InvalidField with `/secrets/<index>`. No secrets: `sign` gives no signature.
    [[nodiscard]] static core::Result<WebhookSigner> make(std::span<std::string const> secrets);

    [[nodiscard]] WebhookHeaders sign(std::string id, core::Time now, std::string_view body) const;

private:
    std::vector<WebhookKey> keys_;
};

/// The receiver's side. Threads: immutable, safe from anywhere.
class WebhookVerifier {
public:
    static constexpr std::chrono::seconds tolerance{300};  ///< How far a timestamp may be from now, both ways.

    /// Errors: InvalidField with `/secrets/<index>`, also when there is none.
    [[nodiscard]] static core::Result<WebhookVerifier> make(std::span<std::string const> secrets);

    /// True to the spec: one signature that fits one key is enough; versions that no key has are passed over.
    /// Errors: Unauthorized, saying what does not fit (`field` names the header).
    [[nodiscard]] core::Result<void> verify(WebhookHeaders const& headers, std::string_view body, core::Time now) const;

private:
    std::vector<WebhookKey> keys_;
};

}  // namespace macp::delivery
