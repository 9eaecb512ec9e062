#include "ingest/read_again.hpp"

#include "ingest/event_line.hpp"
#include "ingest/github_event.hpp"
#include "ingest/hook_event.hpp"

#include <string>
#include <utility>

namespace macp::ingest {
namespace {

constexpr std::string_view github_name = "x-github-event";
constexpr std::string_view github_delivery = "x-github-delivery";

core::Result<NewEvents> one(core::Result<core::NewEvent> event) {
    if (!event) return core::pass_on(event);
    NewEvents events;
    events.push_back(*std::move(event));
    return events;
}

std::string value_of(HeaderMap const& headers, std::string_view name) {
    auto const found = headers.find(name);
    return found == headers.end() ? std::string{} : found->second;
}

core::Result<NewEvents> from_github(Refused const& refused, EventDefaults defaults) {
    defaults.source = "/github";
    auto delivery = value_of(refused.headers, github_delivery);
    if (!delivery.empty()) defaults.id = std::move(delivery);
    return one(github_event(value_of(refused.headers, github_name), refused.text, defaults));
}

core::Result<NewEvents> from_events_door(Refused const& refused, EventDefaults defaults) {
    defaults.source = "/api/events";
    if (!is_binary_cloud_event(refused.headers)) return events_from_body(refused.content_type, refused.text, defaults);
    auto headers = refused.headers;
    if (!refused.content_type.empty()) headers.insert_or_assign("content-type", std::string{refused.content_type});
    return one(event_from_binary(headers, refused.text, defaults));
}

core::Result<NewEvents> from_door(Refused const& refused, EventDefaults defaults) {
    auto const door = refused.door;
    if (door == "watch") {
        defaults.source = "/orchestrator/events";
        return one(event_from_line(refused.text, defaults));
    }
    // Each door has names in more than one folder.
    if (door.ends_with("/omx/hook")) return one(hook_event(refused.text, HookDoor::Omx, defaults, find_git_place));
    if (door.ends_with("/native/hook")) {
        return one(hook_event(refused.text, HookDoor::Native, defaults, find_git_place));
    }
    if (door.ends_with("/github")) return from_github(refused, std::move(defaults));
    if (door.ends_with("/events") || door.ends_with("/event")) return from_events_door(refused, std::move(defaults));
    return core::fail(
        core::ErrorCode::Conflict, "this gateway has no door `" + std::string{door} + "`: it cannot be tried again"
    );
}

}  // namespace

bool is_read_by_a_door(std::string_view name) {
    return name.starts_with("ce-") || name == github_name || name == github_delivery;
}

core::Result<NewEvents> read_again(Refused const& refused, EventDefaults defaults) {
    auto const shared_id = defaults.id;
    auto events = from_door(refused, std::move(defaults));
    if (!events || events->size() == 1 || shared_id.empty()) return events;
    for (std::size_t i = 0; i < events->size(); ++i) {
        auto& id = (*events)[i].id;
        if (id == shared_id) id += ":" + std::to_string(i);
    }
    return events;
}

}  // namespace macp::ingest
