#pragma once

#include "core/event.hpp"
#include "core/result.hpp"
#include "ingest/event_line.hpp"

#include <map>
#include <string>
#include <string_view>

namespace macp::ingest {

/// Headers of a request by their name in lower case.
using HeaderMap = std::map<std::string, std::string, std::less<>>;

/// The request is a CloudEvent in binary mode: its attributes are headers, its body is the data.
[[nodiscard]] bool is_binary_cloud_event(HeaderMap const& headers);

/// Makes an event of a CloudEvent in binary mode. A body of a JSON media type, or of none, must be JSON; any other
/// is kept as `data_base64`.
/// Errors: BadJson; InvalidField with the header's name.
[[nodiscard]] core::Result<core::NewEvent> event_from_binary(
    HeaderMap const& headers, std::string_view body, EventDefaults const& defaults
);

}  // namespace macp::ingest
