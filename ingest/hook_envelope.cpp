#include "ingest/hook_envelope.hpp"

#include "core/ascii.hpp"
#include "core/json.hpp"
#include "ingest/canonical_type.hpp"
#include "ingest/contract_fields.hpp"
#include "ingest/object_text.hpp"

#include <algorithm>
#include <array>

namespace macp::ingest {
namespace {

constexpr std::array<std::string_view, 4> tools_with_source{"omx", "omc", "codex", "claude"};

core::Result<void> check_version(ContractPayload const& payload) {
    auto const version = payload.find("schema_version");
    if (!version || version->json == R"("1")") return {};
    return core::fail(core::ErrorCode::InvalidField, "schema_version must be \"1\"", "/schema_version");
}

/// The event's word with `-` for `_`, in lower case, without the tool that it may begin with.
std::string bare_word(std::string_view event, std::string const& tool) {
    auto word = core::lower_case(event);
    std::ranges::replace(word, '_', '-');
    return word.starts_with(tool + '.') ? word.substr(tool.size() + 1) : word;
}

/// The type of an event that the table does not know.
std::string debug_type(std::string_view event, std::string const& tool) {
    auto const word = bare_word(event, tool);
    if (word == "pre-tool-use") return "tool.pre";
    if (word == "post-tool-use") return "tool.post";
    if (word == "needs-input" || word.starts_with("run.blocked-on-")) return "session.blocked";
    bool const named = event.starts_with(tool + '.');
    return named ? std::string{event} : tool + '.' + std::string{event};
}

bool is_known(std::string_view type) {
    return needs_agent_and_status(type) || type.starts_with("github.");
}

}  // namespace

core::Result<void> fill_from_envelope(JsonParser& parser, core::NewEvent& event, simdjson::dom::object envelope) {
    ContractPayload const payload{envelope, event.data};
    auto const version = check_version(payload);
    if (!version) return core::pass_on(version);
    std::string const incoming{payload.first_text("event c.normalized_event s.routeKey")};
    if (incoming.empty()) {
        return core::fail(
            core::ErrorCode::InvalidField,
            "a hook names its event: text in event, context.normalized_event or signal.routeKey", "/event"
        );
    }
    auto const* const door_tool = payload.has_object("signal") ? "omc" : "omx";
    auto const tool = tool_of(payload, door_tool);
    event.type = canonical_type(incoming, payload.type_hints());
    if (!is_known(event.type)) event.type = debug_type(incoming, tool);
    bool const has_source = std::ranges::find(tools_with_source, tool) != tools_with_source.end();
    event.source = std::string{"/hooks/"} + (has_source ? tool : door_tool);

    auto const mention = payload.text("c.mention");
    if (!payload.find("mention") && !mention.empty()) {
        ObjectText text{envelope, event.data};
        text.put("mention", core::json_string(mention));
        event.data = text.text();
    }
    return lift_fields(parser, event, {.incoming_type = incoming, .door_tool = door_tool});
}

}  // namespace macp::ingest
