#pragma once

#include "core/event.hpp"
#include "core/result.hpp"
#include "ingest/event_line.hpp"
#include "ingest/git_place.hpp"

#include <string_view>

namespace macp::ingest {

/// Where agents' hooks come in.
enum class HookDoor {
    Omx,     ///< `/omx/hook`: envelopes of OMX and OMC.
    Native,  ///< `/native/hook`: what Codex and Claude Code hand to their hooks.
};

/// Makes an event of a hook's body; all of the body is its data, with the fields of the contract added.
///
/// The source is `/hooks/` and the tool that sent it, whatever `defaults.source` says. `git` is asked for native hooks
/// only, and not at all when the body names its repository.
/// Errors: BadJson; InvalidField with a JSON pointer.
[[nodiscard]] core::Result<core::NewEvent> hook_event(
    std::string_view body, HookDoor door, EventDefaults const& defaults, GitLookup const& git
);

}  // namespace macp::ingest
