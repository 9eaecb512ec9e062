#pragma once

#include "core/result.hpp"
#include "delivery/targets.hpp"
#include "events/event_log.hpp"
#include "handlers/services.hpp"
#include "http/message.hpp"

#include <functional>
#include <optional>
#include <string>

namespace macp::handlers {

/// Makes a commit happen once for an `Idempotency-Key`: its answer is stored in the same transaction.
/// Nothing when the request has no key. `body` makes the answer once the positions are known.
/// Errors: InvalidField for a key that is blank or longer than 255 characters.
[[nodiscard]] core::Result<std::optional<events::Commit::Once>> once_for(
    http::Request const& request, std::function<std::string(events::CommitResult const&)> body
);

/// The stored answer to an earlier request with the same key. Errors: InvalidField when its body was another.
[[nodiscard]] core::Result<std::string> replay_answer(http::Request const& request, std::string const& stored);

/// The answer that an earlier request with the same key had: for calls whose own effect would stand in their way.
/// Errors: those of both above; those of the log.
[[nodiscard]] async::Task<core::Result<std::optional<std::string>>> earlier_answer(
    Services const& services, http::Request const& request
);

/// Stores the answer of a call that leaves nothing else in the log. Errors: those of the log.
[[nodiscard]] async::Task<core::Result<delivery::Effect>> store_answer(Services const& services, delivery::Once once);

}  // namespace macp::handlers
