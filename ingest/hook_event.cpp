#include "ingest/hook_event.hpp"

#include "ingest/hook_envelope.hpp"
#include "ingest/json_members.hpp"
#include "ingest/native_hook.hpp"

namespace macp::ingest {

core::Result<core::NewEvent> hook_event(
    std::string_view body, HookDoor door, EventDefaults const& defaults, GitLookup const& git
) {
    JsonParser parser;
    auto const root = parser.parse(body, false);
    if (!root) return core::pass_on(root);
    simdjson::dom::object object;
    auto text = minified(body);
    if (!text.starts_with('{') || root->get_object().get(object) != simdjson::SUCCESS) {
        return core::fail(core::ErrorCode::InvalidField, "a hook's body is a JSON object");
    }
    core::NewEvent event;
    fill_identity(event, Members{object}, Members{}, defaults);
    event.data = std::move(text);
    auto const made = door == HookDoor::Omx ? fill_from_envelope(parser, event, object)
                                            : fill_from_native(parser, event, object, git);
    if (!made) return core::pass_on(made);
    return event;
}

}  // namespace macp::ingest
