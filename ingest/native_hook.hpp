#pragma once

#include "core/event.hpp"
#include "core/result.hpp"
#include "ingest/git_place.hpp"
#include "ingest/json_members.hpp"

#include <simdjson.h>

// One door's half of `hook_event`. Not for other folders: it brings in the JSON parser.
namespace macp::ingest {

/// Names the event of a native hook of Codex or Claude Code, and adds the fields of the contract, and where the
/// payload's directory stands in git.
/// `event` has its id, and as data the minified text of `object`, which `parser` has parsed.
/// Errors: InvalidField.
[[nodiscard]] core::Result<void> fill_from_native(
    JsonParser& parser, core::NewEvent& event, simdjson::dom::object object, GitLookup const& git
);

}  // namespace macp::ingest
