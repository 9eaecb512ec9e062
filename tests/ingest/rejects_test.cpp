#include "events/sqlite_log.hpp"
#include "ingest/watching.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace macp;
using namespace macp::testing;

namespace {

std::string add(events::EventLog& log, ingest::Reject reject) {
    ingest::Rejects rejects{log};
    events::Commit commit;
    reject.received = core::SystemClock{}.now();
    reject.bytes = std::max<std::uint64_t>(reject.bytes, reject.text.size());
    auto id = rejects.add(commit, reject);
    REQUIRE(log.commit_and_wait(std::move(commit)));
    return id;
}

nlohmann::json newest(events::EventLog& log) {
    return nlohmann::json::parse(*ingest::list_rejects(log, "", 1000)->back().value);
}

std::vector<std::string> types(MemoryLog const& log) {
    std::vector<std::string> out;
    for (auto const& event : log.all()) {
        if (event.type != "ingest.rejected") out.push_back(event.type);
    }
    return out;
}

}  // namespace

TEST_SUITE("rejects") {
    TEST_CASE("tries a text again: appends the event and drops the reject at once") {
        MemoryLog log;
        core::SystemClock const clock;
        auto const line = add(log, {.file = "f", .text = R"({"type":"x"})"});
        auto const body = add(log, {.text = R"({"type":"y","payload":7})", .door = "POST /api/events"});
        CHECK(ingest::retry_reject(log, clock, line)->seqs == std::vector<core::Seq>{3});
        CHECK(ingest::retry_reject(log, clock, body)->seqs == std::vector<core::Seq>{4});
        CHECK(log.all()[2].source == "/orchestrator/events");
        CHECK(log.all()[3].source == "/api/events");
        CHECK(log.all()[3].data == R"({"value":7})");
        CHECK(ingest::list_rejects(log, "", 10)->empty());
        CHECK(ingest::retry_reject(log, clock, line).error().code == core::ErrorCode::NotFound);
    }

    TEST_CASE("tries all of a body again as its door reads it") {
        MemoryLog log;
        core::SystemClock const clock;
        auto const retry = [&](std::string_view text, std::string content_type) {
            auto const id = add(log, {.text = text, .door = "POST /api/events", .content_type = content_type});
            return ingest::retry_reject(log, clock, id);
        };
        auto const array = retry(R"([{"type":"a"},{"type":"b"},{"type":"c","id":"mine"}])", "application/json");
        REQUIRE(array);
        CHECK(array->seqs == std::vector<core::Seq>{2, 3, 4});
        CHECK(array->repeats == 0);
        auto const lines = retry("{\"type\":\"d\"}\n\n{\"type\":\"e\"}\n", "application/x-ndjson; charset=utf-8");
        REQUIRE(lines);
        CHECK(lines->seqs.size() == 2);
        CHECK(
            retry(R"([{"specversion":"1.0","id":"1","source":"/x","type":"f"}])", "application/cloudevents-batch+json")
        );
        CHECK(retry(R"({"specversion":"1.0","id":"2","source":"/x","type":"g"})", "application/cloudevents+json"));
        CHECK(types(log) == std::vector<std::string>{"a", "b", "c", "d", "e", "f", "g"});
        CHECK(ingest::list_rejects(log, "", 10)->empty());

        CHECK(retry(R"({"type":"h"})", "application/cloudevents+json").error().field == "/specversion");
        CHECK(retry(R"([{"type":"h"},{"no":"type"}])", "application/json").error().field == "/1/type");
        CHECK(retry("{\"type\":\"h\"}\n{}\n", "application/x-ndjson").error().field == "/1/type");
        CHECK(types(log).size() == 7);
        CHECK(ingest::list_rejects(log, "", 10)->size() == 3);
    }

    TEST_CASE("tries the body of each other door again as that door reads it") {
        MemoryLog log;
        core::SystemClock const clock;
        auto const retry = [&](ingest::Reject reject) { return ingest::retry_reject(log, clock, add(log, reject)); };
        auto const last = [&] { return log.all().back(); };
        for (auto const* const door : {"POST /api/omx/hook", "POST /omx/hook"}) {
            CHECK(retry({.text = R"({"event":"worker.stalled"})", .door = door}));
            CHECK(last().source == "/hooks/omx");
            CHECK(retry({.text = R"({"type":"x"})", .door = door}).error().field == "/event");
        }
        for (auto const* const door : {"POST /api/native/hook", "POST /native/hook"}) {
            CHECK(retry({.text = R"({"hook_event_name":"PreToolUse","provider":"codex"})", .door = door}));
            CHECK(last().source == "/hooks/codex");
            CHECK_FALSE(retry({.text = R"({"type":"x"})", .door = door}));
        }
        auto const* const push = R"({"ref":"refs/heads/main"})";
        CHECK(retry({.text = push, .door = "POST /github"}).error().field == "X-GitHub-Event");
        CHECK(retry(
            {.text = push, .door = "POST /github", .headers = {{"x-github-event", "push"}, {"x-github-delivery", "d-7"}}
            }
        ));
        CHECK(last().source == "/github");
        CHECK(last().id == "d-7");

        ingest::HeaderMap const binary{
            {"ce-specversion", "1.0"}, {"ce-id", "b-1"}, {"ce-source", "/ci"}, {"ce-type", "build.done"}
        };
        CHECK(retry({.text = R"({"type":"x"})", .door = "POST /events", .headers = binary}));
        CHECK(last().type == "build.done");
        CHECK(last().data == R"({"type":"x"})");
        CHECK(
            retry({.text = "\xff", .door = "POST /events", .headers = binary}).error().code == core::ErrorCode::Conflict
        );
        auto odd = binary;
        odd["ce-subject"] = "\xff";
        CHECK(retry({.text = "{}", .door = "POST /event", .headers = odd}).error().code == core::ErrorCode::Conflict);
        CHECK(retry({.text = R"({"type":"x"})", .door = "POST /gone"}).error().code == core::ErrorCode::Conflict);
    }

    TEST_CASE("tries again once for a key, and tells what came of it") {
        TempDir const folder;
        core::SystemClock const clock;
        auto opened = events::SqliteLog::open({.clock = clock, .path = folder / "macp.db", .full_sync = false});
        REQUIRE(opened);
        auto& log = **opened;
        auto const id = add(log, {.text = R"({"type":"x"})", .door = "POST /api/events"});
        events::Commit::Once const once{
            .space = "s",
            .key = "k",
            .value = [](events::CommitResult const& result) { return std::to_string(result.seqs.front()); },
        };
        auto const first = ingest::retry_reject(log, clock, id, once);
        REQUIRE(first);
        CHECK(first->seqs == std::vector<core::Seq>{2});
        CHECK(ingest::retry_reject(log, clock, id, once)->existing == "2");
        CHECK(ingest::retry_reject(log, clock, id).error().code == core::ErrorCode::NotFound);
        CHECK(ingest::list_rejects(log, "", 10)->empty());
    }

    TEST_CASE("counts a repeat among what it tries again") {
        MemoryLog log;
        core::SystemClock const clock;
        auto const body = R"([{"type":"a","id":"1"},{"type":"b","id":"2"}])";
        auto const first = add(log, {.text = body, .door = "POST /api/events"});
        auto const second = add(log, {.text = body, .door = "POST /api/events"});
        CHECK(ingest::retry_reject(log, clock, first)->repeats == 0);
        auto const again = ingest::retry_reject(log, clock, second);
        CHECK(again->repeats == 2);
        CHECK(again->seqs == std::vector<core::Seq>{3, 4});
    }

    TEST_CASE("keeps text as text, bytes as bytes, and cuts no character in two") {
        MemoryLog log;
        add(log, {.reason = std::string(5000, 'r'), .text = "\xC3\xB6"});
        CHECK(newest(log)["text"] == "\xC3\xB6");
        CHECK(!newest(log).contains("text_base64"));
        CHECK(newest(log)["reason"].get<std::string>().size() == 1024);
        add(log, {.text = "\xff"});
        CHECK(newest(log)["text_base64"] == "/w==");
        CHECK(!newest(log).contains("text"));
        for (std::size_t before = 0; before < 4; ++before) {
            auto text = std::string(ingest::Rejects::kept_bytes - before, 'x');
            text +=
                "\xF0\x9F\x98\x80"
                "more";
            add(log, {.text = text});
            auto const kept = newest(log)["text"].get<std::string>();
            CHECK(kept == std::string(ingest::Rejects::kept_bytes - before, 'x'));
            CHECK(newest(log)["truncated"] == true);
        }
        add(log, {.text = "abc\xE2\x82", .bytes = 100});  // cut by who read it
        CHECK(newest(log)["text"] == "abc");
        add(log, {.text = "abc\xE2\x82"});  // it was sent so
        CHECK(newest(log)["text_base64"] == "YWJj4oI=");
    }

    TEST_CASE("stays little beside the events, whatever is refused") {
        TempDir const folder;
        core::SystemClock const clock;
        constexpr std::uint64_t most = std::uint64_t{8} << 20;
        auto opened = events::SqliteLog::open(
            {.clock = clock,
             .path = folder / "macp.db",
             .full_sync = false,
             .max_bytes = most,
             .sweep_interval = std::chrono::milliseconds{1}}
        );
        REQUIRE(opened);
        auto& log = **opened;
        events::Commit commit;
        for (int i = 0; i < 2000; ++i) {
            commit.events.push_back({.id = std::to_string(i), .source = "/s", .type = "t", .data = "1"});
        }
        REQUIRE(log.commit_and_wait(std::move(commit)));
        std::string const bytes(std::size_t{65} << 10, '\xff');
        std::string last;
        for (int i = 0; i < 150; ++i) last = add(log, {.text = bytes, .door = "POST /api/events"});
        auto const rows = *ingest::list_rejects(log, "", 1000);
        REQUIRE(!rows.empty());
        CHECK(rows.back().key == last);
        CHECK(log.stats().row_bytes <= most / 16);
        CHECK(log.stats().bytes < most);
        CHECK(log.stats().oldest == 1);
    }

    TEST_CASE("is bounded by its own measure in a log without one") {
        MemoryLog log;
        events::Commit commit;
        ingest::Rejects{log, 7}.add(commit, {.text = "x"});
        REQUIRE(commit.trims.size() == 1);
        CHECK(commit.trims[0].space == ingest::Rejects::space);
        CHECK(commit.trims[0].rows == 7);
        CHECK(commit.trims[0].bytes == ingest::Rejects::most_bytes);
    }

    TEST_CASE("names a line of a file whose name is long") {
        MemoryLog log;
        add(log, {.file = std::string(4000, 'f'), .text = "bad"});
        add(log, {.file = std::string(4000, 'g'), .text = "bad"});
        add(log, {.file = std::string(4000, 'g'), .text = "bad"});
        REQUIRE(log.all().size() == 2);
        CHECK(core::check_event(log.all()[0]));
    }

    TEST_CASE("keeps what is still wrong, and what was not kept whole") {
        MemoryLog log;
        core::SystemClock const clock;
        auto const wrong = add(log, {.file = "f", .text = "{}"});
        auto const bytes = add(log, {.file = "f", .text = "{\"type\":\"\xff\"}"});
        auto const cut = add(log, {.file = "f", .text = R"({"type":"x"})", .bytes = 100});
        std::string const endless(core::most_attribute_bytes + 1, 'x');
        auto const named = add(log, {.text = R"([{"type":")" + endless + "\"}]", .door = "POST /api/events"});
        CHECK(ingest::retry_reject(log, clock, named).error().field == "/0/type");
        CHECK(ingest::retry_reject(log, clock, wrong).error().field == "/type");
        CHECK(ingest::retry_reject(log, clock, bytes).error().code == core::ErrorCode::BadJson);
        CHECK(ingest::retry_reject(log, clock, cut).error().code == core::ErrorCode::Conflict);
        auto const first = *ingest::list_rejects(log, "", 2);
        REQUIRE(first.size() == 2);
        CHECK(ingest::list_rejects(log, first.back().key, 2)->front().key == cut);
    }

    TEST_CASE("counts by door") {
        MemoryLog log;
        ingest::Rejects rejects{log};
        events::Commit commit;
        rejects.add(commit, {.file = "f", .text = "a"});
        for (int i = 0; i < 2; ++i) rejects.add(commit, {.text = "b", .door = "POST /api/events"});
        CHECK(rejects.counts() == ingest::Rejects::Counts{{"POST /api/events", 2}, {"watch", 1}});
    }

    TEST_CASE("tells of the same line once, and of each body by itself") {
        MemoryLog log;
        for (int i = 0; i < 2; ++i) {
            add(log, {.file = "f", .inode = 7, .offset = 100, .reason = "bad", .text = "bad"});
            add(log, {.reason = "bad", .text = "bad", .door = "POST /api/events"});
        }
        CHECK(log.all().size() == 3);
    }
}
