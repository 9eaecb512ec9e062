#pragma once

#include "core/event.hpp"
#include "core/result.hpp"
#include "ingest/event_line.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace macp::ingest {

using NewEvents = std::vector<core::NewEvent>;

/// Makes an event of a posted JSON object.
///
/// With `specversion` it is a CloudEvent (structured mode). Otherwise `payload`, else `data`, becomes the event's data
/// (`{"value":…}` when it is no object), or without either the whole body does, minified. Hints that stand beside a
/// payload (channel, mention, format, template) go along in the data. agent.* and session.* events are renamed and gain
/// the fields of the contract; a CloudEvent stays as its producer made it.
/// Errors: BadJson; InvalidField with a JSON pointer. Threads: safe from anywhere.
[[nodiscard]] core::Result<core::NewEvent> event_from_json(std::string_view json_text, EventDefaults const& defaults);

/// An object, or an array of at most `most` of them; the pointer of an error begins with the element's index.
/// Errors: those of `event_from_json`, TooLarge.
[[nodiscard]] core::Result<NewEvents> events_from_json(
    std::string_view json_text, EventDefaults const& defaults, std::size_t most = 100'000
);

/// How a body of media type `application/cloudevents+json` or `application/cloudevents-batch+json` holds its events.
enum class CloudEventsMode { Structured, Batch };

/// CloudEvents only: an object, or for a batch an array of at most `most`.
/// Errors: as above; InvalidField `specversion` for an event of another kind.
[[nodiscard]] core::Result<NewEvents> cloud_events_from_json(
    std::string_view json_text, CloudEventsMode mode, EventDefaults const& defaults, std::size_t most = 100'000
);

/// One object a line; blank lines are passed over. The pointer of an error begins with the line's number from 0,
/// blank ones counted. Errors: as above.
[[nodiscard]] core::Result<NewEvents> events_from_ndjson(
    std::string_view text, EventDefaults const& defaults, std::size_t most = 100'000
);

/// A body of one of the media types above, or a CloudEvents type, or any other: JSON. Parameters of the type make no
/// difference. Errors: as above.
[[nodiscard]] core::Result<NewEvents> events_from_body(
    std::string_view content_type, std::string_view text, EventDefaults const& defaults
);

}  // namespace macp::ingest
