#include "ingest/spool.hpp"

#include "events/sqlite_log.hpp"
#include "ingest/files.hpp"
#include "ingest/memory_log.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <chrono>

using namespace macp;
using namespace macp::testing;
namespace fs = std::filesystem;

namespace {

core::SystemClock const system_clock;

/// A spool over a log.
class Spooling {
public:
    Spooling() = default;
    explicit Spooling(events::EventLog& other) : log{other}, rejects{other} {}

    fs::path put(
        std::string door, std::string text, std::string content_type = "application/json",
        ingest::HeaderMap headers = {}
    ) {
        time += std::chrono::milliseconds{1};
        auto const file = ingest::write_spooled(
            place(), {.door = "POST " + std::move(door),
                      .content_type = std::move(content_type),
                      .headers = std::move(headers),
                      .text = std::move(text),
                      .received = time}
        );
        REQUIRE(file);
        return *file;
    }
    [[nodiscard]] fs::path place() const { return folder / "a/spool"; }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> all;
        auto const entries = ingest::list_spool(place());
        REQUIRE(entries);
        for (auto const& entry : *entries) all.push_back(entry.name);
        return all;
    }
    [[nodiscard]] std::vector<std::string> types() const {
        std::vector<std::string> all;
        for (auto const& event : memory.all()) all.push_back(event.type);
        return all;
    }

    TempDir folder;
    MemoryLog memory;
    events::EventLog& log = memory;
    ingest::Rejects rejects{log};
    core::Time time = *core::parse_time("2026-03-31T09:00:00Z");
    ingest::Spool spool{log, system_clock, rejects, place()};
};

}  // namespace

TEST_SUITE("spool") {
    TEST_CASE("makes events of each body as its door would, oldest first, and removes its file") {
        Spooling s;
        CHECK_FALSE(*s.spool.take_up());
        s.put("/api/omx/hook", R"({"event_id":"h-1","event":"worker.stalled"})");
        s.put("/native/hook", R"({"event_id":"h-2","hook_event_name":"Stop","provider":"codex"})");
        s.put("/api/events", "{\"type\":\"a\",\"id\":\"1\"}\n{\"type\":\"b\",\"id\":\"2\"}\n", "application/x-ndjson");
        s.put(
            "/events", "7", "application/json",
            {{"ce-specversion", "1.0"}, {"ce-id", "3"}, {"ce-source", "/ci"}, {"ce-type", "c"}}
        );
        CHECK_FALSE(*s.spool.take_up());
        CHECK(s.types() == std::vector<std::string>{"omx.worker.stalled", "session.finished", "a", "b", "c"});
        CHECK(s.memory.all()[0].id == "h-1");
        CHECK(s.memory.all()[1].source == "/hooks/codex");
        CHECK(core::format_time(s.memory.all()[2].time) == "2026-03-31T09:00:00.003Z");
        CHECK(s.names().empty());
        auto const status = s.spool.status();
        CHECK(status.taken == 4);
        CHECK(status.events == 5);
        CHECK(status.files == 0);
    }

    TEST_CASE("knows again what reached the log before, and what it had taken up before") {
        Spooling s;
        auto const named = s.put("/api/omx/hook", R"({"event_id":"h-1","event":"x"})");
        auto const unnamed = s.put("/api/events", R"([{"type":"a"},{"type":"a"}])");
        auto const texts = std::pair{contents(named), contents(unnamed)};
        REQUIRE(s.spool.take_up());
        write(named, texts.first);  // as if the power had gone before their names were
        write(unnamed, texts.second);
        s.put("/omx/hook", R"({"event_id":"h-1","event":"x"})");
        REQUIRE(s.spool.take_up());
        CHECK(s.memory.all().size() == 3);
        CHECK(s.spool.status().repeats == 4);
        CHECK(s.names().empty());
    }

    TEST_CASE("makes a reject of a body that its door refuses, to be tried again there") {
        Spooling s;
        s.put("/api/omx/hook", R"({"type":"no hook"})");
        s.put("/api/omx/hook", "broken");
        s.put("/nowhere", "{}");
        s.put("/api/events", R"({"type":"fine"})");
        REQUIRE(s.spool.take_up());
        CHECK(s.names().empty());
        CHECK(s.spool.status().rejects == 3);
        CHECK(s.spool.status().events == 1);
        auto const kept = ingest::list_rejects(s.log, "", 10);
        REQUIRE(kept->size() == 3);
        auto const row = nlohmann::json::parse(*kept->front().value);
        CHECK(row["door"] == "POST /api/omx/hook");
        CHECK(row["text"] == R"({"type":"no hook"})");
        CHECK(row["content_type"] == "application/json");
        CHECK(ingest::retry_reject(s.log, system_clock, kept->front().key).error().field == "/event");
    }

    TEST_CASE("refuses what only the log minds, and nothing else that came with it") {
        TempDir const folder;
        auto const log = events::SqliteLog::open({.clock = system_clock, .path = folder / "macp.db"});
        REQUIRE(log);
        Spooling s{**log};
        s.put("/api/events", R"({"type":"a"})");
        s.put(
            "/api/events", R"({"specversion":"1.0","id":"1","source":"/x","type":")" + std::string(2000, 't') + R"("})"
        );
        s.put("/api/events", R"({"type":"b"})");
        REQUIRE(s.spool.take_up());
        CHECK(s.names().empty());
        CHECK(s.spool.status().events == 2);
        CHECK(s.spool.status().rejects == 1);
        CHECK((*log)->stats().last == 3);
    }

    TEST_CASE("leaves everything where it is while the log cannot take it") {
        Spooling s;
        s.put("/api/events", R"({"type":"a"})");
        s.put("/api/events", "broken");
        for (auto const code : {core::ErrorCode::StorageFull, core::ErrorCode::Unavailable}) {
            s.memory.break_disk(code);
            CHECK(s.spool.take_up().error().code == code);
            CHECK(s.names().size() == 2);
            CHECK(s.spool.status().files == 2);
            CHECK_FALSE(s.spool.status().last_error.empty());
        }
        s.memory.break_disk(std::nullopt);
        REQUIRE(s.spool.take_up());
        CHECK(s.names().empty());
        CHECK(s.types() == std::vector<std::string>{"a", "ingest.rejected"});
        CHECK(s.spool.status().last_error.empty());
    }

    TEST_CASE("sets aside what holds no body, and looks at it no more") {
        Spooling s;
        s.put("/api/events", R"({"type":"a"})");
        write(s.place() / "0.json", "not ours");
        write(s.place() / "1.json", R"({"door":"POST /api/events","text":"{}"})");
        fs::create_directory(s.place() / "2.json");
        for (int i = 0; i < 6; ++i) REQUIRE(s.spool.take_up());
        CHECK(s.types() == std::vector<std::string>{"a"});
        CHECK(s.names() == std::vector<std::string>{"0.json.unreadable", "1.json.unreadable", "2.json.unreadable"});
        CHECK(s.spool.status().set_aside == 3);
        CHECK(s.spool.status().files == 0);
    }

    TEST_CASE("sweeps what was never finished, once nobody can be at it any more") {
        Spooling s;
        s.put("/api/events", R"({"type":"a"})");
        write(s.place() / "1.json.tmp.7", "{");
        write(s.place() / "2.json.tmp.8", "{");
        fs::last_write_time(s.place() / "1.json.tmp.7", fs::file_time_type::clock::now() - std::chrono::hours{2});
        REQUIRE(s.spool.take_up());
        CHECK(s.names() == std::vector<std::string>{"2.json.tmp.8"});
    }

    TEST_CASE("takes many up a part at a time") {
        Spooling s;
        std::string const padding(300'000, 'x');
        for (int i = 0; i < 6; ++i) s.put("/api/events", R"({"type":"a","pad":")" + padding + R"("})");
        CHECK(*s.spool.take_up());
        CHECK(s.names().size() == 2);
        CHECK(s.spool.status().files == 2);
        CHECK_FALSE(*s.spool.take_up());
        CHECK(s.names().empty());
    }

    TEST_CASE("is for its owner alone, and bounded") {
        Spooling s;
        auto const first = s.put("/api/events", "{}");
        CHECK((fs::status(first).permissions() & fs::perms::mask) == fs::perms{0600});
        CHECK((fs::status(s.place()).permissions() & fs::perms::mask) == fs::perms{0700});
        ingest::SpooledBody const body{.door = "POST /api/events", .text = "{}", .received = s.time};
        CHECK(ingest::write_spooled(s.place(), body, {.files = 1}).error().code == core::ErrorCode::Overloaded);
        CHECK(ingest::write_spooled(s.place(), body, {.bytes = 150}).error().code == core::ErrorCode::Overloaded);
        CHECK(s.names().size() == 1);
        CHECK(ingest::write_spooled(s.place(), body, {.files = 2}));
    }
}
