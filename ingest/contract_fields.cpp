#include "ingest/contract_fields.hpp"

#include "core/ascii.hpp"
#include "core/json.hpp"
#include "ingest/canonical_type.hpp"
#include "ingest/contract_clues.hpp"
#include "ingest/object_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace macp::ingest {
namespace {

namespace dom = simdjson::dom;

class Lift;

enum class Kind {
    Text,    ///< Text; copies are trimmed.
    Number,  ///< A number, copied as it was written.
    Count,   ///< A whole number, or text; written as a number when it was told from something else.
    Id,      ///< A whole number, or text; written as text.
};

/// A field of the contract: the sources that it is copied from, in order, and what tells it when none has it.
struct Field {
    std::string_view name;
    Kind kind;
    std::string_view sources;
    std::string (*derive)(Lift const&) = nullptr;
};

/// The values of the fields so far, as text.
class Lift {
public:
    Lift(ContractPayload const& payload, core::NewEvent const& event, Arrival const& arrival)
        : payload_{payload}, event_{event}, arrival_{arrival} {}

    [[nodiscard]] ContractPayload const& payload() const { return payload_; }
    [[nodiscard]] core::NewEvent const& event() const { return event_; }
    [[nodiscard]] Arrival const& arrival() const { return arrival_; }
    [[nodiscard]] std::string_view value(std::string_view field) const;
    /// The value of the first of `names`, with spaces between them, that has one.
    [[nodiscard]] std::string first_value(std::string_view names) const;

    void fill(ObjectText& text);

private:
    /// The value that the payload has for `field`, as JSON; empty when it has none.
    [[nodiscard]] std::string copy(Field const& field, std::string& value) const;
    void fill(ObjectText& text, Field const& field, std::string& value) const;

    ContractPayload const& payload_;
    core::NewEvent const& event_;
    Arrival const& arrival_;
    std::array<std::string, 26> values_;
};

std::string tool(Lift const& lift) {
    return tool_of(lift.payload(), lift.arrival().door_tool);
}

std::string agent_name(Lift const& lift) {
    return is_contract_type(lift.event().type) ? std::string{lift.value("tool")} : std::string{};
}

std::string repo_name(Lift const& lift) {
    return std::string{last_component(lift.value("repo_path"))};
}

std::string test_runner(Lift const& lift) {
    return std::string{runner_of_command(lift.value("command"))};
}

std::string verb(Lift const& lift) {
    auto const& type = lift.event().type;
    return type.substr(type.rfind('.') + 1);
}

std::string error_message(Lift const& lift) {
    return lift.event().type.ends_with(".failed") ? std::string{lift.value("summary")} : std::string{};
}

std::string pr_url(Lift const& lift) {
    return std::string{pull_request_url_in(lift.value("summary"))};
}

std::string pr_number(Lift const& lift) {
    return std::string{pull_request_number_in(lift.value("pr_url"))};
}

std::string issue_number(Lift const& lift) {
    for (auto const* const field : {"session_name", "branch", "worktree_path", "command"}) {
        auto const number = issue_number_in(lift.value(field), lift.value("pr_number"));
        if (!number.empty()) return std::string{number};
    }
    return {};
}

std::string event_id(Lift const& lift) {
    return lift.event().id;
}

std::string correlation_id(Lift const& lift) {
    return lift.first_value("session_id session_name project repo_name event_id");
}

std::string raw_event(Lift const& lift) {
    auto const incoming = lift.arrival().incoming_type;
    return incoming == lift.event().type ? std::string{} : std::string{incoming};
}

std::string contract_event(Lift const& lift) {
    return lift.event().type;
}

// A field comes after those that it is derived from.
constexpr std::array fields{
    Field{"tool", Kind::Text, "", tool},
    Field{"agent_name", Kind::Text, "c.agent_name", agent_name},
    Field{
        "session_name", Kind::Text,
        "c.session_name session tmuxSession tmux_session c.tmuxSession c.tmux_session session_id sessionId "
        "c.session_id c.sessionId"
    },
    Field{"session_id", Kind::Text, "sessionId c.session_id c.sessionId session_name c.session_name"},
    Field{"project", Kind::Text, "projectName project_name c.project c.projectName c.project_name"},
    Field{"repo_path", Kind::Text, "c.repo_path projectPath c.projectPath"},
    Field{"worktree_path", Kind::Text, "c.worktree_path projectPath c.projectPath"},
    Field{"repo_name", Kind::Text, "c.repo_name projectName project_name c.projectName c.project_name", repo_name},
    Field{"branch", Kind::Text, "c.branch"},
    Field{"elapsed_secs", Kind::Number, "c.elapsed_secs"},
    Field{"source", Kind::Text, "c.source"},
    Field{"command", Kind::Text, "c.command s.command"},
    Field{"tool_name", Kind::Text, "c.tool_name s.toolName"},
    Field{"test_runner", Kind::Text, "c.test_runner s.testRunner", test_runner},
    Field{"status", Kind::Text, "c.status s.phase", verb},
    Field{"summary", Kind::Text, "s.summary reason c.summary c.contextSummary c.reason c.question"},
    Field{"error_message", Kind::Text, "error_summary c.error_summary c.error_message", error_message},
    Field{"event_timestamp", Kind::Text, "timestamp"},
    Field{"pr_url", Kind::Text, "c.pr_url s.prUrl", pr_url},
    Field{"pr_number", Kind::Count, "c.pr_number", pr_number},
    Field{"issue_number", Kind::Count, "c.issue_number", issue_number},
    Field{"route_key", Kind::Text, "s.routeKey c.route_key"},
    Field{"event_id", Kind::Id, "", event_id},
    Field{"correlation_id", Kind::Id, "", correlation_id},
    Field{"raw_event", Kind::Text, "", raw_event},
    Field{"contract_event", Kind::Text, "", contract_event},
};

/// What a member is worth to a field, as JSON; empty when it is of another kind. `value`: the same as text.
std::string json_of(Kind kind, ContractPayload::Found const& found, std::string& value) {
    if (kind == Kind::Number || (kind != Kind::Text && !found.value.is_string())) {
        bool const is_number = found.json.starts_with('-') || (found.json[0] >= '0' && found.json[0] <= '9');
        bool const whole = found.json.find_first_of(".eE") == std::string_view::npos;
        if (is_number && (kind == Kind::Number || whole)) value = found.json;
        return value;
    }
    if (auto const text = text_of(&found.value)) value = core::trim(*text);
    return value.empty() ? std::string{} : core::json_string(value);
}

std::string folded_tool(std::string_view name) {
    auto lower = core::lower_case(name);
    return lower == "omc" || lower == "omx" ? lower : std::string{name};
}

std::string_view Lift::value(std::string_view field) const {
    auto const* const found = std::ranges::find(fields, field, &Field::name);
    return values_.at(static_cast<std::size_t>(found - fields.begin()));
}

std::string Lift::first_value(std::string_view names) const {
    while (!names.empty()) {
        if (auto const found = value(take_name(names)); !found.empty()) return std::string{found};
    }
    return {};
}

std::string Lift::copy(Field const& field, std::string& value) const {
    for (auto names = field.sources; !names.empty();) {
        auto const found = payload_.find(take_name(names));
        if (!found) continue;
        if (auto json = json_of(field.kind, *found, value); !json.empty()) return json;
    }
    return {};
}

void Lift::fill(ObjectText& text, Field const& field, std::string& value) const {
    if (auto const given = payload_.find(field.name)) {
        json_of(field.kind, *given, value);
        if (field.derive != tool || folded_tool(value) == value) return;
        value = folded_tool(value);
        text.put(field.name, core::json_string(value));
        return;
    }
    auto json = copy(field, value);
    if (json.empty() && field.derive != nullptr) {
        value = field.derive(*this);
        json = field.kind == Kind::Count ? value : core::json_string(value);
    }
    if (!value.empty()) text.put(field.name, json);
}

void Lift::fill(ObjectText& text) {
    static_assert(std::tuple_size_v<decltype(values_)> == fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) fill(text, fields[i], values_[i]);
}

core::Result<void> check_required(Lift const& lift) {
    if (!lift.arrival().strict || !needs_agent_and_status(lift.event().type)) return {};
    for (auto const* const field : {"agent_name", "status"}) {
        if (!lift.value(field).empty()) continue;
        return core::fail(
            core::ErrorCode::InvalidField, lift.event().type + " needs " + field + ": text that is not blank",
            std::string{lift.arrival().pointer} + "/" + field
        );
    }
    return {};
}

core::Result<dom::object> object_in(JsonParser& parser, std::string_view text) {
    auto const root = parser.parse(text, false);
    if (!root) return core::pass_on(root);
    dom::object object;
    bool const is_object = text.starts_with('{') && root->get_object().get(object) == simdjson::SUCCESS;
    if (!is_object) return core::fail(core::ErrorCode::InvalidField, "an event's data is a JSON object");
    return object;
}

core::Result<void> lift_into(core::NewEvent& event, dom::object object, std::string_view text, Arrival const& arrival) {
    ContractPayload const payload{object, text};
    ObjectText out{object, text};
    Lift lift{payload, event, arrival};
    lift.fill(out);
    auto const session = lift.first_value("session_name session_id");
    if (!session.empty() && !arrival.has_subject && !payload.find("task_id")) event.subject = session;
    event.data = out.text();
    return check_required(lift);
}

}  // namespace

std::string tool_of(ContractPayload const& payload, std::string_view door_tool) {
    if (auto const given = payload.text("tool"); !given.empty()) return folded_tool(given);
    for (auto const* const source : {"agent_name", "c.agent_name"}) {
        auto name = core::lower_case(payload.text(source));
        if (name == "omc" || name == "openclaw") return "omc";
        if (name == "omx") return name;
    }
    if (!payload.text("s.routeKey").empty()) return "omc";
    if (!payload.text("c.normalized_event").empty()) return "omx";
    return std::string{door_tool};
}

core::Result<void> lift_fields(JsonParser& parser, core::NewEvent& event, Arrival const& arrival) {
    auto const text = minified(event.data);
    auto const object = object_in(parser, text);
    if (!object) return core::pass_on(object);
    return lift_into(event, *object, text, arrival);
}

core::Result<void> apply_contract(JsonParser& parser, core::NewEvent& event, Arrival arrival) {
    auto const text = minified(event.data);
    auto const object = object_in(parser, text);
    if (!object) return core::pass_on(object);
    auto type = canonical_type(event.type, ContractPayload{*object, text}.type_hints());
    auto const incoming = std::exchange(event.type, std::move(type));
    if (!is_contract_type(event.type)) return {};
    arrival.incoming_type = incoming;
    return lift_into(event, *object, text, arrival);
}

}  // namespace macp::ingest
