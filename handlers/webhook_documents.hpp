#pragma once

#include "delivery/targets.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace macp::handlers {

/// A webhook as asked for, without secrets: `id`, `origin` and the members of its configuration.
[[nodiscard]] nlohmann::json webhook_document(
    std::string const& id, delivery::Origin origin, delivery::TargetConfig const& config
);
/// The same with its `status`. `epoch`: the log's.
[[nodiscard]] nlohmann::json webhook_document(delivery::TargetStatus const& status, std::string const& epoch);

[[nodiscard]] nlohmann::json attempt_document(delivery::AttemptRecord const& attempt);
/// Of a try that is in no history.
[[nodiscard]] nlohmann::json attempt_document(delivery::Attempt const& attempt);
[[nodiscard]] nlohmann::json dead_letter_document(delivery::DeadLetter const& letter);
[[nodiscard]] nlohmann::json explanation_document(delivery::Explanation const& explanation);
[[nodiscard]] nlohmann::json gap_document(core::Gap const& gap);

}  // namespace macp::handlers
