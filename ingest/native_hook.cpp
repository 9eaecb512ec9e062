#include "ingest/native_hook.hpp"

#include "core/ascii.hpp"
#include "core/json.hpp"
#include "ingest/contract_fields.hpp"
#include "ingest/object_text.hpp"

#include <algorithm>
#include <array>

namespace macp::ingest {
namespace {

struct HookName {
    std::string_view name;  ///< Lower case.
    std::string_view type;
};
constexpr std::array hook_names{
    HookName{"sessionstart", "session.started"},
    HookName{"stop", "session.finished"},
    HookName{"pretooluse", "tool.pre"},
    HookName{"posttooluse", "tool.post"},
    HookName{"userpromptsubmit", "session.prompt-submitted"},
};

constexpr std::string_view event_members = "event_name event hook_event_name hookEventName";

core::Result<std::string_view> type_of(ContractPayload const& hook) {
    for (auto names = event_members; !names.empty();) {
        auto const member = std::string{take_name(names)};
        auto const name = hook.text(member);
        if (name.empty()) continue;
        auto const* const known = std::ranges::find(hook_names, core::lower_case(name), &HookName::name);
        if (known != hook_names.end()) return known->type;
        return core::fail(
            core::ErrorCode::InvalidField,
            member + " must be SessionStart, PreToolUse, PostToolUse, UserPromptSubmit or Stop", "/" + member
        );
    }
    return core::fail(
        core::ErrorCode::InvalidField,
        "a native hook names its event in event_name, event, hook_event_name or hookEventName", "/hook_event_name"
    );
}

/// The agent that runs the hook; `native` when the hook does not say.
core::Result<std::string> provider_of(ContractPayload const& hook) {
    if (!hook.find("provider")) return "native";
    auto provider = core::lower_case(hook.text("provider"));
    if (provider == "codex" || provider == "claude") return provider;
    return core::fail(core::ErrorCode::InvalidField, "provider must be codex or claude", "/provider");
}

/// Puts in where the hook's directory stands in git, unless the hook says it itself.
void put_git_place(ObjectText& text, ContractPayload const& hook, GitLookup const& git) {
    bool const says_repository = hook.find("repo_path") || hook.find("c.repo_path");
    bool const says_worktree = hook.find("worktree_path") || hook.find("c.worktree_path");
    auto const directory = hook.first_text("directory cwd c.directory c.cwd worktree_path projectPath c.projectPath");
    if (!git || directory.empty() || (says_repository && says_worktree)) return;
    auto const place = git(directory);
    if (!place) return;
    if (!says_repository) text.put("repo_path", core::json_string(place->repository));
    if (!says_worktree) text.put("worktree_path", core::json_string(place->worktree));
}

/// What is to be known of a hook beside its own members.
std::string with_place_and_stop(
    core::NewEvent const& event, simdjson::dom::object object, ContractPayload const& hook, GitLookup const& git
) {
    ObjectText text{object, event.data};
    put_git_place(text, hook, git);
    if (event.type == "session.finished") text.put("stop", "true");
    return text.text();
}

}  // namespace

core::Result<void> fill_from_native(
    JsonParser& parser, core::NewEvent& event, simdjson::dom::object object, GitLookup const& git
) {
    ContractPayload const hook{object, event.data};
    auto const type = type_of(hook);
    if (!type) return core::pass_on(type);
    auto const provider = provider_of(hook);
    if (!provider) return core::pass_on(provider);
    std::string const incoming{hook.first_text(event_members)};
    event.type = *type;
    event.source = "/hooks/" + *provider;

    event.data = with_place_and_stop(event, object, hook, git);
    return lift_fields(parser, event, {.incoming_type = incoming, .door_tool = *provider});
}

}  // namespace macp::ingest
