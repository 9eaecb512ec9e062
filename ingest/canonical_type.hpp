#pragma once

#include <array>
#include <string>
#include <string_view>

namespace macp::ingest {

/// What a payload says about its type beside the type itself; empty parts say nothing.
struct TypeHints {
    std::array<std::string_view, 3> route_keys{};         ///< `signal.routeKey`, `route_key`, `context.route_key`.
    std::array<std::string_view, 2> normalized_events{};  ///< `context.normalized_event`, `normalized_event`.
};

/// The session type that stands for `word` (blanks around it, case and `_` for `-` do not matter); empty when the table
/// has none.
[[nodiscard]] std::string_view session_type_of(std::string_view word);

/// False for most types, and quickly: the payload then neither renames the event nor gives it the fields of the
/// contract.
[[nodiscard]] bool may_be_contract_type(std::string_view type);

/// The type by which an event is known here: a legacy name's successor; else what the first hint that the table knows
/// stands for; else what `type` itself does; else `type`. Hints count only for bare words and for the families
/// session, agent, test, pull-request, question and tool.
[[nodiscard]] std::string canonical_type(std::string_view type, TypeHints const& hints);

/// `agent.…` or `session.…`: events that carry the fields of the contract.
[[nodiscard]] bool is_contract_type(std::string_view type);

/// The four `agent.` and ten `session.` types that cannot do without `agent_name` and `status`.
[[nodiscard]] bool needs_agent_and_status(std::string_view type);

}  // namespace macp::ingest
