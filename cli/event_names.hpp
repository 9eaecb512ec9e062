#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace macp::cli {

/// Where the door of a body looks for the name of its event.
enum class NamedAt {
    Top,      ///< `event_id` or `id`, there or under `metadata`: hooks.
    Payload,  ///< There, or `event_id` in the payload: events.
};

/// True when it has an id already, or none of ours has a place in it: a CloudEvent, or no object at all.
[[nodiscard]] bool is_named(nlohmann::json const& body, NamedAt where);

/// The body with an `event_id`, so that sending it twice makes one event. A body that is named, or is no JSON object,
/// stays as it is; of any other all bytes do, after the id.
[[nodiscard]] std::string named(std::string body, NamedAt where);

/// The same for each line of events.
[[nodiscard]] std::string named_lines(std::string_view lines);

/// The body with a text as its member `name`, unless it has a member of that name or is no JSON object.
[[nodiscard]] std::string with_text(std::string body, std::string_view name, std::string_view value);

}  // namespace macp::cli
