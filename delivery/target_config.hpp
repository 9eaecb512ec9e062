#pragma once

#include "core/filter.hpp"
#include "core/position.hpp"
#include "core/result.hpp"
#include "io/http_client.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace macp::delivery {

/// How events look in a request.
enum class Format {
    CloudEvents,  ///< One structured CloudEvent: the event as it is everywhere.
    Binary,       ///< Attributes as `ce-` headers, `data` as the body.
    Raw,          ///< `data` alone: for MACP lines that is the line itself.
    Batch,        ///< An array of structured CloudEvents.
};

/// What waits for what: with `Target` each request for the one before; with `Subject` only for one of the same subject.
enum class Ordering { Target, Subject, None };

/// After failure n (from 1) the next try comes in `base_seconds` · 2^(n-1), at most `cap_seconds`, ±20 %.
struct RetryPolicy {
    std::size_t count = 8;  ///< Tries after the first; then the event is a dead letter.
    double base_seconds = 1;
    double cap_seconds = 300;

    bool operator==(RetryPolicy const&) const = default;
};

/// One webhook target as somebody asked for it; how it fares is kept elsewhere. Ranges: target_config.cpp.
struct TargetConfig {
    std::string name{};
    std::string url{};                                         ///< http or https.
    std::vector<std::string> types{};                          ///< Globs; empty: every type.
    std::vector<std::pair<std::string, std::string>> where{};  ///< Field of `data` and glob, as in `core::Filter`.
    Format format = Format::CloudEvents;
    std::vector<std::string> secrets{};  ///< To sign with, resolved: given, or read from `secret_env`.
    std::string secret_env{};            ///< The environment variable they came from, separated by spaces.
    io::Headers headers{};               ///< More headers of each request.
    std::string auth_token{};            ///< Sent as `Authorization: Bearer`; empty: none.
    std::string auth_token_env{};        ///< The environment variable it came from.
    double timeout_seconds = 10;         ///< One try, all of it.
    RetryPolicy retry{};
    Ordering ordering = Ordering::Target;
    double rate_per_second = 0;             ///< Most requests started a second; 0: no limit.
    double max_age_seconds = 0;             ///< An event undelivered for so long is a dead letter; 0: no limit.
    std::size_t batch_events = 100;         ///< Most in one request of format `Batch`.
    std::size_t batch_bytes = 256 * 1024;   ///< Most of body in one such request; one event may be larger.
    std::size_t concurrency = 16;           ///< Requests in flight; counts for 1 with `Ordering::Target`.
    std::string ca_file{};                  ///< Trusted authorities (PEM); empty: the system's.
    std::string client_certificate_file{};  ///< PEM, with its key; both or neither.
    std::string client_key_file{};
    double disable_after_seconds = 432'000;  ///< Failing without a break for so long disables it; 0: never.
    core::Position since{.kind = core::Position::Kind::Now};  ///< Where a new target begins; after it.
    bool enabled = true;

    /// What it wants, as one filter: `types` and `where` together.
    [[nodiscard]] core::Filter filter() const;
};

[[nodiscard]] std::string_view to_text(Format format);      ///< `cloudevents`, `binary`, `raw`, `batch`
[[nodiscard]] std::string_view to_text(Ordering ordering);  ///< `target`, `subject`, `none`

/// Errors: InvalidField with the JSON pointer of the first member that is out of its range (`/retry/count`).
[[nodiscard]] core::Result<void> validate(TargetConfig const& target);

/// What `target_to_json` shows instead of a credential.
inline constexpr std::string_view masked_value = "***";

using Environment = std::map<std::string, std::string>;

/// Reads the body of `POST /api/webhooks`, or a table of `[[webhooks]]`, and validates it. Null is as good as absent.
/// Errors: InvalidField with the member's JSON pointer: missing, of the wrong type, out of range, or unknown (then the
/// message has the nearest known name).
[[nodiscard]] core::Result<TargetConfig> target_from_json(nlohmann::json const& body, Environment const& environment);

/// Reads the body of a PATCH: members replace those of `target`, null sets one back to its default. A value that
/// `target_to_json` has masked leaves that header as it is. `since` is refused: replay moves a target.
[[nodiscard]] core::Result<TargetConfig> patch_target(
    TargetConfig target, nlohmann::json const& body, Environment const& environment
);

/// For answers: no secret in it. `secrets` is their number, `auth_token` a boolean `has_auth_token`, values of headers
/// that look like credentials are masked.
[[nodiscard]] nlohmann::json target_to_json(TargetConfig const& target);

/// For keeping: everything, secrets too (those of `secret_env` by its name), as `target_from_json` reads it.
[[nodiscard]] nlohmann::json target_to_storage(TargetConfig const& target);

}  // namespace macp::delivery
