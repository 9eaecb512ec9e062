#pragma once

#include "core/event.hpp"
#include "core/result.hpp"
#include "ingest/json_members.hpp"

#include <simdjson.h>

// One door's half of `hook_event`. Not for other folders: it brings in the JSON parser.
namespace macp::ingest {

/// Names the event of an envelope of OMX or OMC (version 1, or one of the shapes before and beside it), and adds the
/// fields of the contract. What the table of types does not know is kept as `<tool>.<event>`.
/// `event` has its id, and as data the minified text of `envelope`, which `parser` has parsed.
/// Errors: InvalidField.
[[nodiscard]] core::Result<void> fill_from_envelope(
    JsonParser& parser, core::NewEvent& event, simdjson::dom::object envelope
);

}  // namespace macp::ingest
