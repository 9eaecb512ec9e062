#include "ingest/github_event.hpp"

#include "core/ascii.hpp"
#include "core/id.hpp"
#include "core/json.hpp"
#include "ingest/contract_payload.hpp"
#include "ingest/json_members.hpp"
#include "ingest/object_text.hpp"

#include <algorithm>
#include <array>

namespace macp::ingest {
namespace {

namespace dom = simdjson::dom;

struct Type {
    std::string_view name;    ///< As GitHub calls the event.
    std::string_view action;  ///< Empty: any other.
    std::string_view type;    ///< Ending with `-`: the action follows.
};
constexpr std::array types{
    Type{"issues", "", "github.issue-"},
    Type{"issue_comment", "created", "github.issue-commented"},
    Type{"issue_comment", "", "github.issue-comment-"},
    Type{"pull_request", "reopened", "github.pr-status-changed"},
    Type{"pull_request", "ready_for_review", "github.pr-status-changed"},
    Type{"pull_request", "converted_to_draft", "github.pr-status-changed"},
    Type{"pull_request", "", "github.pr-"},
    Type{"pull_request_review", "", "github.pr-review-"},
    Type{"pull_request_review_comment", "created", "github.pr-review-commented"},
    Type{"pull_request_review_comment", "", "github.pr-review-comment-"},
    Type{"check_run", "", "github.check-run-"},
    Type{"release", "", "github.release-"},
};

/// A member of the data, and the places in the body that it is copied from: JSON pointers, the first that holds text,
/// a number or a boolean.
struct Member {
    std::string_view name;
    std::string_view sources;
};
constexpr std::array members{
    Member{"action", "/action"},
    Member{"repo", "/repository/full_name"},
    Member{"repo_name", "/repository/name"},
    Member{"sender", "/sender/login"},
    Member{
        "title", "/issue/title /pull_request/title /release/name /release/tag_name /check_run/name /head_commit/message"
    },
    Member{
        "url",
        "/comment/html_url /review/html_url /issue/html_url /pull_request/html_url /check_run/html_url "
        "/release/html_url /compare"
    },
    Member{"pr_number", "/pull_request/number /check_run/pull_requests/0/number"},
    Member{"pr_url", "/pull_request/html_url"},
    Member{
        "branch",
        "/pull_request/head/ref /check_run/check_suite/head_branch /check_suite/head_branch /workflow_run/head_branch"
    },
    Member{"sha", "/pull_request/head/sha /check_run/head_sha /workflow_run/head_sha /after"},
    Member{"check_name", "/check_run/name /workflow_run/name"},
    Member{"conclusion", "/check_run/conclusion /check_suite/conclusion /workflow_run/conclusion"},
    Member{"review_state", "/review/state"},
    Member{"tag", "/release/tag_name"},
};

// The issue of a comment may be a pull request, which GitHub numbers as one.
constexpr std::array issue_members{Member{"issue_number", "/issue/number"}};
constexpr std::array pull_request_members{
    Member{"pr_number", "/issue/number"}, Member{"pr_url", "/issue/pull_request/html_url"}
};

std::string text_at(dom::element body, std::string_view pointer) {
    dom::element value;
    if (body.at_pointer(pointer).get(value) != simdjson::SUCCESS) return {};
    auto const text = text_of(&value);
    return text ? std::string{core::trim(*text)} : std::string{};
}

std::string json_at(dom::element body, std::string_view pointer) {
    dom::element value;
    if (body.at_pointer(pointer).get(value) != simdjson::SUCCESS) return {};
    if (value.is_string()) {
        auto const text = text_of(&value);
        return text ? core::json_string(core::trim(*text)) : std::string{};
    }
    bool const is_plain = value.is_number() || value.is_bool();
    return is_plain ? simdjson::minify(value) : std::string{};
}

template <std::size_t Many>
void append_members(std::string& data, dom::element body, std::array<Member, Many> const& wanted) {
    for (auto const& member : wanted) {
        for (auto sources = member.sources; !sources.empty();) {
            auto const json = json_at(body, take_name(sources));
            if (json.empty()) continue;
            append_member(data, member.name, json);
            break;
        }
    }
}

std::string in_our_spelling(std::string_view word) {
    auto spelled = core::lower_case(word);
    std::ranges::replace(spelled, '_', '-');
    return spelled;
}

/// What happened: GitHub's action, but for a pull request that was closed by merging it.
std::string action_of(std::string_view name, dom::element body) {
    bool merged = false;
    bool const says = body.at_pointer("/pull_request/merged").get(merged) == simdjson::SUCCESS;
    auto action = text_at(body, "/action");
    return name == "pull_request" && action == "closed" && says && merged ? "merged" : action;
}

std::string type_of(std::string_view name, std::string_view action) {
    auto const* const row = std::ranges::find_if(types, [&](Type const& type) {
        return type.name == name && (type.action.empty() || type.action == action);
    });
    if (row == types.end() || action.empty()) {
        auto const what = "github." + in_our_spelling(name);
        return action.empty() ? what : what + '-' + in_our_spelling(action);
    }
    return row->type.ends_with('-') ? std::string{row->type} + in_our_spelling(action) : std::string{row->type};
}

/// A push names its branch or its tag within the reference.
void append_reference(std::string& data, dom::element body) {
    auto const reference = text_at(body, "/ref");
    for (auto const& [name, start] : {std::pair{"branch", std::string_view{"refs/heads/"}}, {"tag", "refs/tags/"}}) {
        if (!reference.starts_with(start)) continue;
        append_member(data, name, core::json_string(std::string_view{reference}.substr(start.size())));
    }
}

std::string data_of(std::string_view name, std::string_view action, dom::element body, std::string_view text) {
    std::string data{"{}"};
    append_members(data, body, members);
    if (name == "push") append_reference(data, body);
    bool const on_pull_request = body.at_pointer("/issue/pull_request").error() == simdjson::SUCCESS;
    if (on_pull_request) {
        append_members(data, body, pull_request_members);
    } else {
        append_members(data, body, issue_members);
    }
    auto const status = name == "check_run" ? text_at(body, "/check_run/status") : in_our_spelling(action);
    if (!status.empty()) append_member(data, "status", core::json_string(status));
    append_member(data, "payload", text);
    return data;
}

}  // namespace

core::Result<core::NewEvent> github_event(std::string_view name, std::string_view body, EventDefaults const& defaults) {
    name = core::trim(name);
    if (name.empty()) {
        return core::fail(core::ErrorCode::InvalidField, "X-GitHub-Event must name the event", "X-GitHub-Event");
    }
    JsonParser parser;
    auto const root = parser.parse(body, false);
    if (!root) return core::pass_on(root);
    auto const text = minified(body);
    if (!text.starts_with('{')) return core::fail(core::ErrorCode::InvalidField, "a webhook's body is a JSON object");

    auto const action = action_of(name, *root);
    return core::NewEvent{
        .id = defaults.id.empty() ? core::make_uuid7(defaults.received) : defaults.id,
        .source = defaults.source,
        .type = type_of(name, action),
        .time = defaults.received,
        .data = data_of(name, action, *root, text),
    };
}

}  // namespace macp::ingest
