#pragma once

#include "ingest/cloud_event_headers.hpp"
#include "ingest/event_body.hpp"

#include <string_view>

namespace macp::ingest {

/// What was refused, as it is kept.
struct Refused {
    std::string_view door;  ///< `watch`, or method and path of the request.
    std::string_view text;
    std::string_view content_type;  ///< Of a body, as its request said; empty: JSON.
    HeaderMap headers;              ///< Others that its door reads.
};

/// True for a header that a door reads beside the body's type. `name` in lower case.
[[nodiscard]] bool is_read_by_a_door(std::string_view name);

/// Makes events of it as its door would now; of several that say no id, each gets `defaults.id` and its number. Blocks
/// on the file system (`find_git_place`). Errors: those of the door; Conflict when there is no such door.
[[nodiscard]] core::Result<NewEvents> read_again(Refused const& refused, EventDefaults defaults);

}  // namespace macp::ingest
