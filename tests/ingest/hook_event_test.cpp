#include "ingest/hook_event.hpp"

#include "files.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

using namespace macp;
using ingest::HookDoor;
using nlohmann::json;

namespace {

core::Time const received = *core::parse_time("2026-03-31T09:00:00Z");
ingest::EventDefaults const defaults{.source = "/unused", .received = received};

std::optional<ingest::GitPlace> no_git(std::string_view /*directory*/) {
    return std::nullopt;
}

core::Result<core::NewEvent> omx(std::string_view body) {
    return ingest::hook_event(body, HookDoor::Omx, defaults, no_git);
}

core::Result<core::NewEvent> native(std::string_view body, ingest::GitLookup const& git = no_git) {
    return ingest::hook_event(body, HookDoor::Native, defaults, git);
}

std::string field_of(core::Result<core::NewEvent> const& event) {
    if (event) return "none";
    return event.error().code == core::ErrorCode::InvalidField ? event.error().field : "not invalid";
}

json data_of(core::Result<core::NewEvent> const& event) {
    REQUIRE(event.has_value());
    return json::parse(event->data);
}

/// Every member of `part` is in `whole`, as it was; null: it is not there.
void check_part(json const& part, json const& whole) {
    for (auto const& [name, value] : part.items()) {
        CAPTURE(name);
        if (value.is_null()) {
            CHECK_FALSE(whole.contains(name));
        } else {
            CHECK(whole.value(name, json{}) == value);
        }
    }
}

}  // namespace

TEST_SUITE("hook event") {
    TEST_CASE("lands what agents really send with the right type, source and fields") {
        std::size_t examples = 0;
        for (auto const& file : std::filesystem::directory_iterator{MACP_TESTDATA "/hooks"}) {
            auto const example = json::parse(testing::contents(file.path()));
            CAPTURE(file.path().filename().string());
            auto const event = example["door"] == "omx" ? omx(example["body"].dump()) : native(example["body"].dump());
            REQUIRE(event.has_value());
            CHECK(example["type"] == event->type);
            CHECK(example["source"] == event->source);
            auto const data = json::parse(event->data);
            check_part(example["data"], data);
            for (auto const& [name, value] : example["body"].items()) CHECK(data[name] == value);
            CHECK(data["event_id"] == event->id);
            CHECK(data["session_name"] == event->subject);
            ++examples;
        }
        CHECK(examples >= 30);
    }

    TEST_CASE("takes every route key and normalized event of the contract for its session type") {
        for (auto const& [key, type] : std::vector<std::pair<std::string, std::string>>{
                 {"session.started", "session.started"},
                 {"session.finished", "session.finished"},
                 {"session.idle", "session.blocked"},
                 {"question.requested", "session.blocked"},
                 {"test.started", "session.test-started"},
                 {"test.finished", "session.test-finished"},
                 {"test.failed", "session.test-failed"},
                 {"pull-request.created", "session.pr-created"},
                 {"pull-request.failed", "session.failed"},
                 {"tool.failed", "session.failed"},
             }) {
            auto const event = omx(json{{"event", "post-tool-use"}, {"signal", {{"routeKey", key}}}}.dump());
            CHECK(event->type == type);
            CHECK(event->source == "/hooks/omc");
            CHECK(data_of(event)["tool"] == "omc");
            CHECK(omx(json{{"signal", {{"routeKey", key}}}}.dump())->type == type);
        }
        for (auto const* const word :
             {"started", "blocked", "finished", "failed", "retry-needed", "pr-created", "test-started", "test-finished",
              "test-failed", "handoff-needed"}) {
            auto const event = omx(json{{"event", "x"}, {"context", {{"normalized_event", word}}}}.dump());
            CHECK(event->type == std::string{"session."} + word);
            CHECK(event->source == "/hooks/omx");
            CHECK(data_of(event)["tool"] == "omx");
            CHECK(omx(json{{"context", {{"normalized_event", word}}}}.dump())->type == std::string{"session."} + word);
        }
    }

    TEST_CASE("takes event, then the normalized event, then the route key for the incoming type") {
        CHECK(
            data_of(omx(R"({"event":"a","context":{"normalized_event":"b"},"signal":{"routeKey":"c"}})")
            )["raw_event"] == "a"
        );
        CHECK(omx(R"({"event":" ","context":{"normalized_event":"b"},"signal":{"routeKey":"c"}})")->type == "omc.b");
        CHECK(omx(R"({"event":5,"signal":{"routeKey":"keyword.detected"}})")->type == "omc.keyword.detected");
    }

    TEST_CASE("keeps what the table does not know as a debug event of its tool") {
        CHECK(omx(R"({"event":"worker.stalled"})")->type == "omx.worker.stalled");
        CHECK(omx(R"({"event":"worker.stalled","signal":{}})")->type == "omc.worker.stalled");
        CHECK(omx(R"({"event":"omx.heard"})")->type == "omx.heard");
        CHECK(omx(R"({"event":"Pre_Tool_Use"})")->type == "tool.pre");
        CHECK(omx(R"({"event":"post-tool-use"})")->type == "tool.post");
        CHECK(omx(R"({"event":"x","tool":"Codex"})")->type == "Codex.x");
        CHECK(omx(R"({"event":"x","tool":"Codex"})")->source == "/hooks/omx");
        CHECK(omx(R"({"event":"x","tool":"codex"})")->source == "/hooks/codex");
        CHECK(omx(R"({"event":"agent.finished"})")->type == "agent.finished");
        CHECK(
            omx(R"({"event":"task.completed","context":{"normalized_event":"failed"}})")->type == "omx.task.completed"
        );
        CHECK(omx(R"({"event":"issue-opened"})")->type == "github.issue-opened");
    }

    TEST_CASE("counts an agent that waits for its user as blocked") {
        for (auto const* const word :
             {"needs-input", "omx.needs-input", "run.blocked_on_user", "run.blocked_on_system", "omx.run.blocked_on_x"
             }) {
            auto const event = omx(json{{"event", word}}.dump());
            CHECK(event->type == "session.blocked");
            CHECK(data_of(event)["raw_event"] == word);
        }
    }

    TEST_CASE("keeps the producer's id and time, and the hints") {
        auto const event = omx(
            R"({"event":"started","event_id":"e-1","timestamp":"2026-01-02T03:04:05Z","channel":"c","context":{"mention":"@m"}})"
        );
        CHECK(event->id == "e-1");
        CHECK(core::format_time(event->time) == "2026-01-02T03:04:05Z");
        CHECK(data_of(event)["mention"] == "@m");
        CHECK(data_of(event)["channel"] == "c");
        CHECK(data_of(omx(R"({"event":"started","mention":"@n","context":{"mention":"@m"}})"))["mention"] == "@n");
        CHECK(omx(R"({"event":"started"})")->id != omx(R"({"event":"started"})")->id);
        CHECK(core::format_time(omx(R"({"event":"started"})")->time) == core::format_time(received));
    }

    TEST_CASE("refuses an envelope that breaks the contract, naming the field") {
        CHECK(omx("{").error().code == core::ErrorCode::BadJson);
        CHECK(omx("").error().code == core::ErrorCode::BadJson);
        CHECK(field_of(omx("[]")).empty());
        CHECK(field_of(omx("1e5")).empty());
        CHECK(field_of(omx("null")).empty());
        CHECK(field_of(omx("{}")) == "/event");
        CHECK(field_of(omx(R"({"event":" ","context":{"normalized_event":7},"signal":"x"})")) == "/event");
        for (auto const* const version : {R"("2")", "1", R"(" 1")", "{}", "true"}) {
            CHECK(field_of(omx(R"({"event":"x","schema_version":)" + std::string{version} + "}")) == "/schema_version");
        }
        CHECK(field_of(omx(R"({"event":"x","schema_version":"1"})")) == "none");
        CHECK(field_of(omx(R"({"event":"x","schema_version":null})")) == "none");
        CHECK(field_of(omx(R"({"event":"x","context":1e400,"signal":null})")) == "none");
    }

    TEST_CASE("knows a native hook by any of its four names, in any case") {
        for (auto const* const member : {"event_name", "event", "hook_event_name", "hookEventName"}) {
            for (auto const& [name, type] : std::vector<std::pair<std::string, std::string>>{
                     {"SessionStart", "session.started"},
                     {"STOP", "session.finished"},
                     {"userpromptsubmit", "session.prompt-submitted"},
                     {"PreToolUse", "tool.pre"},
                     {"postTOOLuse", "tool.post"},
                 }) {
                auto const event = native(json{{member, name}, {"session_id", "s"}}.dump());
                REQUIRE(event.has_value());
                CHECK(event->type == type);
                CHECK(data_of(event)["raw_event"] == name);
                CHECK(data_of(event)["tool"] == "native");
                CHECK(data_of(event).contains("stop") == (type == "session.finished"));
            }
            CHECK(field_of(native(json{{member, "Notification"}}.dump())) == std::string{"/"} + member);
        }
        CHECK(field_of(native("{}")) == "/hook_event_name");
        CHECK(field_of(native("7")).empty());
        CHECK(native("nope").error().code == core::ErrorCode::BadJson);
    }

    TEST_CASE("takes only the providers it knows") {
        CHECK(native(R"({"event":"Stop","provider":"codex"})")->source == "/hooks/codex");
        CHECK(native(R"({"event":"Stop","provider":" Claude "})")->source == "/hooks/claude");
        CHECK(native(R"({"event":"Stop","provider":null})")->source == "/hooks/native");
        CHECK(field_of(native(R"({"event":"Stop","provider":"gemini"})")) == "/provider");
        CHECK(field_of(native(R"({"event":"Stop","provider":5})")) == "/provider");
    }

    TEST_CASE("asks git where a native hook's directory stands, unless the hook says it") {
        std::string asked;
        auto const git = [&asked](std::string_view directory) {
            asked = directory;
            return std::optional{ingest::GitPlace{.repository = "/src/shop", .worktree = "/src/shop-issue-65"}};
        };
        auto const data = data_of(native(R"({"event":"Stop","cwd":"/src/shop-issue-65/a","projectPath":"/p"})", git));
        CHECK(asked == "/src/shop-issue-65/a");
        CHECK(data["repo_path"] == "/src/shop");
        CHECK(data["worktree_path"] == "/src/shop-issue-65");
        CHECK(data["repo_name"] == "shop");
        CHECK(data["issue_number"] == 65);
        CHECK(data_of(native(R"({"event":"Stop","cwd":"/x","repo_path":"/mine"})", git))["repo_path"] == "/mine");
        CHECK(
            data_of(native(R"({"event":"Stop","cwd":"/x","context":{"repo_path":"/mine"}})", git))["repo_path"] ==
            "/mine"
        );
        CHECK(data_of(native(R"({"event":"Stop","cwd":"/x","projectPath":"/p"})"))["repo_path"] == "/p");
        CHECK_FALSE(data_of(native(R"({"event":"Stop","cwd":"/x"})")).contains("repo_path"));
        CHECK(native(R"({"event":"Stop","cwd":"/x"})", ingest::GitLookup{}).has_value());
    }
}
