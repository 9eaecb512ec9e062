#include "ingest/canonical_type.hpp"

#include "core/ascii.hpp"
#include "core/json.hpp"

#include <algorithm>

namespace macp::ingest {
namespace {

struct Rename {
    std::string_view from;
    std::string_view to;
};

constexpr std::array legacy_names{
    Rename{"issue-opened", "github.issue-opened"},
    Rename{"git.pr-status-changed", "github.pr-status-changed"},
};

constexpr std::array session_words{
    Rename{"session-start", "session.started"},
    Rename{"started", "session.started"},
    Rename{"session.started", "session.started"},
    Rename{"session-idle", "session.blocked"},
    Rename{"blocked", "session.blocked"},
    Rename{"session.blocked", "session.blocked"},
    Rename{"session.idle", "session.blocked"},
    Rename{"question.requested", "session.blocked"},
    Rename{"session-end", "session.finished"},
    Rename{"finished", "session.finished"},
    Rename{"session.finished", "session.finished"},
    Rename{"failed", "session.failed"},
    Rename{"session.failed", "session.failed"},
    Rename{"tool.failed", "session.failed"},
    Rename{"pull-request.failed", "session.failed"},
    Rename{"retry-needed", "session.retry-needed"},
    Rename{"session.retry-needed", "session.retry-needed"},
    Rename{"handoff-needed", "session.handoff-needed"},
    Rename{"session.handoff-needed", "session.handoff-needed"},
    Rename{"pr-created", "session.pr-created"},
    Rename{"session.pr-created", "session.pr-created"},
    Rename{"pull-request.created", "session.pr-created"},
    Rename{"test-started", "session.test-started"},
    Rename{"session.test-started", "session.test-started"},
    Rename{"test.started", "session.test-started"},
    Rename{"test-finished", "session.test-finished"},
    Rename{"session.test-finished", "session.test-finished"},
    Rename{"test.finished", "session.test-finished"},
    Rename{"test-failed", "session.test-failed"},
    Rename{"session.test-failed", "session.test-failed"},
    Rename{"test.failed", "session.test-failed"},
};

constexpr std::array<std::string_view, 6> families{"session", "agent", "test", "pull-request", "question", "tool"};
constexpr std::array<std::string_view, 4> agent_types{
    "agent.started", "agent.blocked", "agent.finished", "agent.failed"
};

char folded(char c) {
    return c == '_' ? '-' : core::lower_case(c);
}

/// True when `text`, folded, is `name`.
bool same(std::string_view text, std::string_view name) {
    return text.size() == name.size() &&
           std::ranges::equal(text, name, [](char given, char wanted) { return folded(given) == wanted; });
}

template <std::size_t Many>
std::string_view find(std::array<Rename, Many> const& table, std::string_view word) {
    auto const text = core::trim(word);
    auto const* const hit = std::ranges::find_if(table, [text](Rename const& row) { return same(text, row.from); });
    return hit == table.end() ? std::string_view{} : hit->to;
}

bool heeds_hints(std::string_view trimmed_type) {
    auto const dot = trimmed_type.find('.');
    auto const family = trimmed_type.substr(0, dot);
    return dot == std::string_view::npos ||
           std::ranges::any_of(families, [family](auto name) { return same(family, name); });
}

}  // namespace

std::string_view session_type_of(std::string_view word) {
    return find(session_words, word);
}

bool may_be_contract_type(std::string_view type) {
    auto const trimmed = core::trim(type);
    return heeds_hints(trimmed) || !find(legacy_names, trimmed).empty();
}

std::string canonical_type(std::string_view type, TypeHints const& hints) {
    auto const trimmed = core::trim(type);
    if (auto const renamed = find(legacy_names, trimmed); !renamed.empty()) return std::string{renamed};
    if (!heeds_hints(trimmed)) return std::string{trimmed};
    for (auto const hint : hints.route_keys) {
        if (auto const known = session_type_of(hint); !known.empty()) return std::string{known};
    }
    for (auto const hint : hints.normalized_events) {
        if (auto const known = session_type_of(hint); !known.empty()) return std::string{known};
    }
    auto const known = session_type_of(trimmed);
    return std::string{known.empty() ? trimmed : known};
}

bool is_contract_type(std::string_view type) {
    return type.starts_with("agent.") || type.starts_with("session.");
}

bool needs_agent_and_status(std::string_view type) {
    return std::ranges::find(agent_types, type) != agent_types.end() ||
           std::ranges::find(session_words, type, &Rename::to) != session_words.end();
}

}  // namespace macp::ingest
