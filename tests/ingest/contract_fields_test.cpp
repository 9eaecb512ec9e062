#include "core/json.hpp"
#include "ingest/event_body.hpp"
#include "ingest/event_line.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace macp;
using nlohmann::json;

namespace {

core::Time const received = *core::parse_time("2026-03-31T09:00:00Z");

core::NewEvent line(std::string_view text) {
    auto event = ingest::event_from_line(text, {.source = "/orchestrator/events", .received = received});
    REQUIRE_MESSAGE(event.has_value(), text);
    return *std::move(event);
}

/// The data of a line with these members beside the type.
json lifted(json members, std::string const& type = "session.started") {
    members["type"] = type;
    return json::parse(line(members.dump()).data);
}

core::Result<core::NewEvent> post(std::string_view text) {
    return ingest::event_from_json(text, {.source = "/api/events", .received = received});
}

std::string field_of(std::string_view text) {
    auto const event = post(text);
    return event ? "none" : event.error().field;
}

void set(json& body, std::string const& source, json value) {
    if (source.starts_with("c.")) {
        body["context"][source.substr(2)] = std::move(value);
    } else if (source.starts_with("s.")) {
        body["signal"][source.substr(2)] = std::move(value);
    } else {
        body[source] = std::move(value);
    }
}

std::vector<std::string> words(std::string const& text) {
    std::istringstream stream{text};
    return {std::istream_iterator<std::string>{stream}, {}};
}

// Each field, and where it is copied from, in order.
std::vector<std::pair<std::string, std::string>> const sources{
    {"agent_name", "agent_name c.agent_name"},
    {"session_name",
     "session_name c.session_name session tmuxSession tmux_session c.tmuxSession c.tmux_session session_id sessionId "
     "c.session_id c.sessionId"},
    {"session_id", "session_id sessionId c.session_id c.sessionId session_name c.session_name"},
    {"project", "project projectName project_name c.project c.projectName c.project_name"},
    {"repo_name", "repo_name c.repo_name projectName project_name c.projectName c.project_name"},
    {"repo_path", "repo_path c.repo_path projectPath c.projectPath"},
    {"worktree_path", "worktree_path c.worktree_path projectPath c.projectPath"},
    {"branch", "branch c.branch"},
    {"source", "source c.source"},
    {"command", "command c.command s.command"},
    {"tool_name", "tool_name c.tool_name s.toolName"},
    {"test_runner", "test_runner c.test_runner s.testRunner"},
    {"status", "status c.status s.phase"},
    {"summary", "summary s.summary reason c.summary c.contextSummary c.reason c.question"},
    {"error_message", "error_message error_summary c.error_summary c.error_message"},
    {"event_timestamp", "event_timestamp timestamp"},
    {"pr_url", "pr_url c.pr_url s.prUrl"},
    {"pr_number", "pr_number c.pr_number"},
    {"issue_number", "issue_number c.issue_number"},
    {"route_key", "route_key s.routeKey c.route_key"},
};

}  // namespace

TEST_SUITE("contract fields") {
    TEST_CASE("copies every field from each of its sources, trimmed") {
        for (auto const& [field, list] : sources) {
            for (auto const& source : words(list)) {
                CAPTURE(field);
                CAPTURE(source);
                json body = json::object();
                set(body, source, field == source ? " v " : " v\t");
                CHECK(lifted(body)[field] == (field == source ? " v " : "v"));
            }
        }
    }

    TEST_CASE("takes the first source that holds text, in the order of the table") {
        for (auto const& [field, list] : sources) {
            auto const all = words(list);
            for (std::size_t first = 0; first < all.size(); ++first) {
                json body = json::object();
                for (std::size_t i = 0; i < all.size(); ++i) {
                    json const empty = i % 2 == 0 ? json(nullptr) : json(" ");
                    set(body, all[i], i < first ? empty : json(all[i]));
                }
                CAPTURE(field);
                CHECK(lifted(body)[field] == all[first]);
            }
        }
    }

    TEST_CASE("leaves a given value as it is, of whatever kind, and writes each member once") {
        auto const text = line(R"({"type":"session.failed","status":7,"summary":" s ","branch":false,"context":)"
                               R"({"status":"x","summary":"y","branch":"z"},"session_id":" \u0041 "})")
                              .data;
        auto const data = json::parse(text);
        CHECK(data["status"] == 7);
        CHECK(data["summary"] == " s ");
        CHECK(data["branch"] == false);
        CHECK(data["error_message"] == "s");
        CHECK(text.find(R"("session_id":" \u0041 ")") != std::string::npos);
        CHECK(data["session_name"] == "A");
    }

    TEST_CASE("replaces what is null or blank, and keeps every other byte of the producer's") {
        auto const text =
            line(R"({"type":"session.started", "n":1.50, "branch":null, "big":123456789012345678901234567890,)"
                 R"("summary":" ","context":{"branch":"b","elapsed_secs":4.50,"summary":"s"},"esc":"\u00e9\/"})")
                .data;
        CHECK(text.starts_with(R"({"type":"session.started","n":1.50,"big":123456789012345678901234567890,)"
                               R"("context":{"branch":"b","elapsed_secs":4.50,"summary":"s"},"esc":"\u00e9\/",)"));
        CHECK(text.find(R"("elapsed_secs":4.50,)") != text.rfind(R"("elapsed_secs":4.50,)"));
        CHECK(text.find('\n') == std::string::npos);
        CHECK(json::parse(text)["branch"] == "b");
    }

    TEST_CASE("infers the tool from names, then from the marks of each tool, and folds omc and omx") {
        CHECK(lifted({{"tool", "OMX"}})["tool"] == "omx");
        CHECK(lifted({{"tool", "Other"}, {"agent_name", "omx"}})["tool"] == "Other");
        CHECK(lifted({{"agent_name", "OpenClaw"}})["tool"] == "omc");
        CHECK(lifted({{"agent_name", "OMC"}})["tool"] == "omc");
        CHECK(lifted({{"context", {{"agent_name", "Omx"}}}})["tool"] == "omx");
        CHECK(lifted({{"agent_name", "worker-1"}, {"signal", {{"routeKey", "x"}}}})["tool"] == "omc");
        CHECK(lifted({{"context", {{"normalized_event", "started"}}}})["tool"] == "omx");
        CHECK_FALSE(lifted({{"agent_name", "worker-1"}}).contains("tool"));
        CHECK(lifted({{"tool", "omx"}})["agent_name"] == "omx");
    }

    TEST_CASE("tells what no source has from what is known") {
        CHECK(lifted({{"repo_path", "/src/shop/"}})["repo_name"] == "shop");
        CHECK(lifted({{"projectPath", "/src/shop"}, {"projectName", "n"}})["repo_name"] == "n");
        CHECK(lifted({{"command", "cargo test"}})["test_runner"] == "cargo-test");
        CHECK(lifted({}, "test-failed")["status"] == "test-failed");
        CHECK(lifted({}, "agent.finished")["status"] == "finished");
        CHECK(lifted({{"reason", "r"}}, "agent.failed")["error_message"] == "r");
        CHECK_FALSE(lifted({{"reason", "r"}}, "session.test-failed").contains("error_message"));
        CHECK(lifted({{"summary", "at https://h/o/r/pull/72/files"}})["pr_url"] == "https://h/o/r/pull/72");
        CHECK(lifted({{"summary", "at https://h/o/r/pull/72/files"}})["pr_number"] == 72);
        CHECK(lifted({{"context", {{"pr_number", 73}}}})["pr_number"] == 73);
        CHECK(lifted({{"context", {{"issue_number", " 65 "}}}})["issue_number"] == "65");
        CHECK(lifted({{"context", {{"elapsed_secs", 45}}}})["elapsed_secs"] == 45);
        CHECK_FALSE(lifted({{"context", {{"elapsed_secs", "45"}}}}).contains("elapsed_secs"));
    }

    TEST_CASE("infers the issue from session, branch, worktree and command in that order") {
        json body{{"session_name", "issue-1"}, {"branch", "issue-2"}, {"worktree_path", "/x/issue-3"}};
        body["command"] = "fix #4";
        for (auto const& [number, field] : std::vector<std::pair<int, std::string>>{
                 {1, "session_name"}, {2, "branch"}, {3, "worktree_path"}, {4, "command"}
             }) {
            CHECK(lifted(body)["issue_number"] == number);
            body.erase(field);
        }
        CHECK_FALSE(lifted(body).contains("issue_number"));
        CHECK_FALSE(lifted({{"command", "gh pr merge #72"}, {"pr_number", 72}}).contains("issue_number"));
    }

    TEST_CASE("names the event, and what it was called before only when that changed") {
        auto const renamed = lifted({}, "test_failed");
        CHECK(renamed["contract_event"] == "session.test-failed");
        CHECK(renamed["raw_event"] == "test_failed");
        auto const kept = lifted({}, "agent.failed");
        CHECK(kept["contract_event"] == "agent.failed");
        CHECK_FALSE(kept.contains("raw_event"));
        CHECK(lifted({{"contract_event", "mine"}})["contract_event"] == "mine");
    }

    TEST_CASE("gives every event an id, and a correlation from the widest thing known") {
        auto const event = line(R"({"type":"session.started"})");
        CHECK(json::parse(event.data)["event_id"] == event.id);
        CHECK(json::parse(event.data)["correlation_id"] == event.id);
        auto const numbered = line(R"({"type":"session.started","event_id":42})");
        CHECK(numbered.id == "42");
        CHECK(json::parse(numbered.data)["event_id"] == 42);
        CHECK(json::parse(line(R"({"type":"session.started","id":42})").data)["event_id"] == "42");
        json body{{"project", "p"}, {"repo_name", "r"}};
        CHECK(lifted(body)["correlation_id"] == "p");
        body["session_id"] = "i";
        body["session_name"] = "n";
        CHECK(lifted(body)["correlation_id"] == "i");
        CHECK(lifted({{"repo_name", "r"}})["correlation_id"] == "r");
        CHECK(lifted({{"session_id", "i"}, {"correlation_id", "mine"}})["correlation_id"] == "mine");
    }

    TEST_CASE("makes the task the subject, else the session") {
        CHECK(line(R"({"type":"session.started","session_id":"i","context":{"session_name":"n"}})").subject == "n");
        CHECK(line(R"({"type":"session.started","task_id":"T","session_name":"n"})").subject == "T");
        CHECK(
            post(R"({"type":"agent.started","task_id":"T","payload":{"tool":"omx","session_name":"n"}})")->subject ==
            "T"
        );
        CHECK(post(R"({"type":"agent.started","payload":{"tool":"omx","sessionId":"i"}})")->subject == "i");
    }

    TEST_CASE("reads members under metadata as if at the top, without copying them") {
        auto const data = lifted({{"metadata", {{"agent_name", "omx"}, {"branch", "b"}, {"reason", "r"}}}});
        CHECK(data["tool"] == "omx");
        CHECK_FALSE(data.contains("agent_name"));
        CHECK_FALSE(data.contains("branch"));
        CHECK(data["summary"] == "r");
        CHECK(post(R"({"type":"agent.started","metadata":{"agent_name":"a"}})").has_value());
    }

    TEST_CASE("leaves the events of other families alone, on lines and in bodies") {
        for (auto const* const type : {"task.failed", "git.commit", "tool.pre", "unknown-word", "test.other"}) {
            auto const text = json{{"type", type}, {"context", {{"branch", "b"}}}}.dump();
            auto const spaced = "{ " + text.substr(1);
            CHECK(line(spaced).data == spaced);
            CHECK(line(spaced).type == type);
            CHECK(post(spaced)->data == text);
        }
        auto const legacy = line(R"({"type":"issue-opened", "number":1})");
        CHECK(legacy.type == "github.issue-opened");
        CHECK(legacy.data == R"({"type":"issue-opened", "number":1})");
        auto const cloud = post(R"({"specversion":"1.0","id":"1","source":"/s","type":"test-failed","data":{}})");
        CHECK(cloud->type == "test-failed");
        CHECK(cloud->data == "{}");
    }

    TEST_CASE("lifts within a payload, and names the payload's member that is missing") {
        auto const event = post(R"({"type":"started","payload":{"agent_name":"omx","context":{"branch":"b"}}})");
        REQUIRE(event);
        CHECK(event->type == "session.started");
        CHECK(json::parse(event->data)["branch"] == "b");
        CHECK_FALSE(json::parse(event->data).contains("payload"));
        for (auto const* const type :
             {"agent.started", "agent.blocked", "agent.finished", "agent.failed", "started", "blocked", "finished",
              "failed", "retry-needed", "handoff-needed", "pr-created", "test-started", "test-finished",
              "test-failed"}) {
            CAPTURE(type);
            CHECK(field_of(json{{"type", type}}.dump()) == "/agent_name");
            CHECK(field_of(json{{"type", type}, {"payload", {{"a", 1}}}}.dump()) == "/payload/agent_name");
            CHECK(field_of(json{{"type", type}, {"data", 7}}.dump()) == "/data/agent_name");
            CHECK(field_of(json{{"type", type}, {"agent_name", 7}}.dump()) == "/agent_name");
            CHECK(field_of(json{{"type", type}, {"agent_name", "a"}, {"status", 7}}.dump()) == "/status");
            CHECK(field_of(json{{"type", type}, {"agent_name", "a"}}.dump()) == "none");
            CHECK(line(json{{"type", type}}.dump()).data.find("contract_event") != std::string::npos);
        }
        CHECK(field_of(R"({"type":"session.prompt-submitted"})") == "none");
        CHECK(ingest::events_from_json(R"([{"type":"x"},{"type":"failed"}])", {}).error().field == "/1/agent_name");
    }

    TEST_CASE("takes the hints beside a payload along, but for those that the payload gives itself") {
        auto const event = post(
            R"({"type":"custom.note","channel":"c","mention":"@m","format":"alert","template":" ","payload":{"format":"raw"}})"
        );
        CHECK(event->data == R"({"format":"raw","channel":"c","mention":"@m"})");
        CHECK(post(R"({"type":"x","channel":"c","payload":7})")->data == R"({"value":7,"channel":"c"})");
        CHECK(post(R"({"type":"x","channel":"c","payload":{}})")->data == R"({"channel":"c"})");
    }
}
