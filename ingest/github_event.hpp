#pragma once

#include "core/event.hpp"
#include "core/result.hpp"
#include "ingest/event_line.hpp"

#include <string_view>

namespace macp::ingest {

/// Makes an event of a GitHub webhook: `name` is its `X-GitHub-Event`, `body` its JSON.
///
/// The type is `github.` and what happened (`github.pr-merged`); events without a name of their own are called by
/// GitHub's words (`github.workflow-run-completed`). The data has the few members that routes and people ask for at its
/// top, and the whole body under `payload`. `defaults.id` should be the `X-GitHub-Delivery`, so that a redelivery is
/// known as a repeat.
/// Errors: BadJson; InvalidField with the header's name or a JSON pointer.
[[nodiscard]] core::Result<core::NewEvent> github_event(
    std::string_view name, std::string_view body, EventDefaults const& defaults
);

}  // namespace macp::ingest
