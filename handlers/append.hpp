#pragma once

#include "core/result.hpp"
#include "events/event_log.hpp"
#include "handlers/services.hpp"
#include "http/message.hpp"

#include <functional>
#include <string>
#include <vector>

namespace macp::handlers {

using NewEvents = std::vector<core::NewEvent>;

/// From this size on a body is parsed off the loop.
inline constexpr std::size_t large_body_bytes = std::size_t{64} << 10;

/// Makes the document of the answer, once the positions are known.
using AppendedDocument = std::function<std::string(events::CommitResult const&)>;

/// What events are answered with that came as a body of any number of them.
[[nodiscard]] std::string accepted_document(events::CommitResult const& result);

/// 202 with `document`, or with the answer that the first request with this key had. Errors: `replay_answer`.
[[nodiscard]] core::Result<http::Response> accepted_response(
    http::Request const& request, events::CommitResult const& result, AppendedDocument const& document
);

/// Appends what was read out of a request, all or nothing, and answers 202 once it is durable; with an
/// `Idempotency-Key`, the answer that the first request with it had. A body that was refused for what it says is kept
/// among the rejects.
/// Errors: why `events` could not be read; InvalidField for the key; those of the log.
[[nodiscard]] async::Task<core::Result<http::Response>> append_events(
    Services const& services, http::Request const& request, core::Result<NewEvents> events, AppendedDocument document
);

}  // namespace macp::handlers
