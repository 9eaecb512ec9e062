#include "ingest/canonical_type.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace macp;
using ingest::canonical_type;
using ingest::TypeHints;

namespace {

std::vector<std::pair<std::string, std::vector<std::string>>> const table{
    {"session.started", {"session-start", "started", "session.started"}},
    {"session.blocked", {"session-idle", "blocked", "session.blocked", "session.idle", "question.requested"}},
    {"session.finished", {"session-end", "finished", "session.finished"}},
    {"session.failed", {"failed", "session.failed", "tool.failed", "pull-request.failed"}},
    {"session.retry-needed", {"retry-needed", "session.retry-needed"}},
    {"session.handoff-needed", {"handoff-needed", "session.handoff-needed"}},
    {"session.pr-created", {"pr-created", "session.pr-created", "pull-request.created"}},
    {"session.test-started", {"test-started", "session.test-started", "test.started"}},
    {"session.test-finished", {"test-finished", "session.test-finished", "test.finished"}},
    {"session.test-failed", {"test-failed", "session.test-failed", "test.failed"}},
};

}  // namespace

TEST_SUITE("canonical type") {
    TEST_CASE("takes every word of the table for its session type, as a type and as each hint") {
        for (auto const& [canonical, words] : table) {
            for (auto const& word : words) {
                CAPTURE(word);
                CHECK(ingest::session_type_of(word) == canonical);
                CHECK(canonical_type(word, {}) == canonical);
                CHECK(canonical_type("some-event", {.route_keys = {word}}) == canonical);
                CHECK(canonical_type("agent.some", {.normalized_events = {"", word}}) == canonical);
                CHECK(ingest::may_be_contract_type(word));
            }
            CHECK(ingest::needs_agent_and_status(canonical));
            CHECK(ingest::is_contract_type(canonical));
        }
    }

    TEST_CASE("sees through blanks, case and underscores") {
        CHECK(canonical_type(" Test_Failed\n", {}) == "session.test-failed");
        CHECK(canonical_type("PULL_REQUEST.Created", {}) == "session.pr-created");
        CHECK(canonical_type("Session.Retry_Needed", {}) == "session.retry-needed");
        CHECK(canonical_type(" Some_Word ", {}) == "Some_Word");
    }

    TEST_CASE("renames the two legacy types before all else") {
        CHECK(canonical_type("issue-opened", {.route_keys = {"session.idle"}}) == "github.issue-opened");
        CHECK(canonical_type("git.pr-status-changed", {.route_keys = {"session.idle"}}) == "github.pr-status-changed");
        CHECK(ingest::may_be_contract_type("git.pr-status-changed"));
    }

    TEST_CASE("asks the route keys, then the normalized events, then the type, each only if the table knows it") {
        TypeHints hints{
            .route_keys = {"keyword.detected", "test.failed", "session.idle"},
            .normalized_events = {"finished", "started"}
        };
        CHECK(canonical_type("failed", hints) == "session.test-failed");
        hints.route_keys = {"keyword.detected", "", "session.idle"};
        CHECK(canonical_type("failed", hints) == "session.blocked");
        hints.route_keys = {};
        CHECK(canonical_type("failed", hints) == "session.finished");
        hints.normalized_events = {"worker.stalled", "started"};
        CHECK(canonical_type("failed", hints) == "session.started");
        hints.normalized_events = {"worker.stalled", ""};
        CHECK(canonical_type("failed", hints) == "session.failed");
    }

    TEST_CASE("keeps agent types under their name unless a hint is known") {
        for (auto const* const type : {"agent.started", "agent.blocked", "agent.finished", "agent.failed"}) {
            CHECK(canonical_type(type, {}) == type);
            CHECK(canonical_type(type, {.route_keys = {"test.failed"}}) == "session.test-failed");
            CHECK(ingest::needs_agent_and_status(type));
        }
        CHECK_FALSE(ingest::needs_agent_and_status("agent.spawned"));
        CHECK_FALSE(ingest::needs_agent_and_status("session.prompt-submitted"));
    }

    TEST_CASE("lets no stray key make a session event of another family's") {
        TypeHints const hints{.route_keys = {"session.idle"}, .normalized_events = {"finished"}};
        for (auto const* const type :
             {"task.failed", "git.commit", "tmux.keyword", "workspace.changed", "github.issue-opened", "tasks", ".x"}) {
            CAPTURE(type);
            bool const bare = std::string_view{type}.find('.') == std::string_view::npos;
            CHECK(canonical_type(type, hints) == (bare ? "session.blocked" : type));
            CHECK(ingest::may_be_contract_type(type) == bare);
        }
        for (auto const* const type :
             {"session.x", "agent.x", "test.x", "pull-request.x", "question.x", "tool.x", "bare"}) {
            CAPTURE(type);
            CHECK(canonical_type(type, hints) == "session.blocked");
        }
    }
}
