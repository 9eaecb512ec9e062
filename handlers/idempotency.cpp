#include "handlers/idempotency.hpp"

#include "core/json.hpp"
#include "http/tokens.hpp"

#include <chrono>
#include <utility>

namespace macp::handlers {
namespace {

constexpr std::string_view header = "Idempotency-Key";
constexpr std::size_t max_key = 255;
constexpr std::string_view space = "idempotency";
constexpr std::size_t digest_bytes = 32;

/// Nothing when the request has none.
core::Result<std::optional<std::string>> row_key(http::Request const& request) {
    auto const key = request.header("idempotency-key");
    if (!key) return std::nullopt;
    if (core::trim(*key).empty() || key->size() > max_key) {
        return core::fail(
            core::ErrorCode::InvalidField, "an idempotency key has 1 to 255 characters", std::string{header}
        );
    }
    return request.method + ' ' + request.path + ' ' + request.caller + ' ' + std::string{*key};
}

}  // namespace

core::Result<std::optional<events::Commit::Once>> once_for(
    http::Request const& request, std::function<std::string(events::CommitResult const&)> body
) {
    auto key = row_key(request);
    if (!key) return core::pass_on(key);
    if (!*key) return std::optional<events::Commit::Once>{};
    // The stored value is the digest of the request's body, then the answer.
    auto value = [digest = http::sha256(request.body), body = std::move(body)](events::CommitResult const& result) {
        return digest + body(result);
    };
    return std::optional{events::Commit::Once{
        .space = std::string{space},
        .key = **std::move(key),
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

async::Task<core::Result<std::optional<std::string>>> earlier_answer(
    Services const& services, http::Request const& request
) {
    auto const key = row_key(request);
    if (!key) co_return core::pass_on(key);
    if (!*key) co_return std::optional<std::string>{};
    auto job = [&services, &key] { return services.log.row(space, **key); };
    auto const stored = co_await services.readers.run(std::move(job));
    if (!stored) co_return core::pass_on(stored);
    if (!*stored) co_return std::optional<std::string>{};
    auto answer = replay_answer(request, **stored);
    if (!answer) co_return core::pass_on(answer);
    co_return std::optional<std::string>{*std::move(answer)};
}

async::Task<core::Result<delivery::Effect>> store_answer(Services const& services, delivery::Once once) {
    if (!once) co_return delivery::Effect{};
    events::Commit commit{.once = std::move(once)};
    auto result = co_await services.log.commit(std::move(commit));
    if (!result) co_return core::pass_on(result);
    co_return delivery::Effect{.existing = std::move(result->existing)};
}

}  // namespace macp::handlers
