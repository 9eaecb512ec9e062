#include "handlers/idempotency.hpp"

#include "core/json.hpp"
#include "http/tokens.hpp"

#include <chrono>
#include <utility>

namespace macp::handlers {
namespace {

constexpr std::string_view header = "Idempotency-Key";
constexpr std::size_t max_key = 255;
constexpr std::size_t digest_bytes = 32;

}  // namespace

core::Result<std::optional<events::Commit::Once>> once_for(
    http::Request const& request, std::function<std::string(events::CommitResult const&)> body
) {
    auto const key = request.header("idempotency-key");
    if (!key) return std::optional<events::Commit::Once>{};
    if (core::trim(*key).empty() || key->size() > max_key) {
        return core::fail(
            core::ErrorCode::InvalidField, "an idempotency key has 1 to 255 characters", std::string{header}
        );
    }
    // The stored value is the digest of the request's body, then the answer.
    auto value = [digest = http::sha256(request.body), body = std::move(body)](events::CommitResult const& result) {
        return digest + body(result);
    };
    return std::optional{events::Commit::Once{
        .space = "idempotency",
        .key = request.method + ' ' + request.path + ' ' + request.caller + ' ' + std::string{*key},
        .keep = std::chrono::hours{24},
        .value = std::move(value),
    }};
}

core::Result<std::string> replay_answer(http::Request const& request, std::string const& stored) {
    if (stored.substr(0, digest_bytes) != http::sha256(request.body)) {
        return core::fail(
            core::ErrorCode::InvalidField, "this idempotency key was used with another body", std::string{header}
        );
    }
    return stored.substr(digest_bytes);
}

}  // namespace macp::handlers
