#include "ingest/watching.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <future>
#include <thread>

using namespace macp;
using namespace macp::testing;
using Names = Watching::Names;

TEST_SUITE("watcher") {
    TEST_CASE("waits for a file that is not there, then reads it and what is appended") {
        Watching w;
        w.poll();
        CHECK(w.news().empty());
        append(w.file(), event_line("a") + event_line("b"));
        w.poll();
        CHECK(w.news() == Names{"a", "b"});
        append(w.file(), event_line("c"));
        w.poll();
        CHECK(w.news() == Names{"c"});
        auto const event = w.log.all().front();
        CHECK(event.source == "/orchestrator/events");
        CHECK(event.data + "\n" == event_line("a"));
    }

    TEST_CASE("leaves a torn line alone until it is whole, over a restart too") {
        Watching w;
        auto const line = event_line("torn");
        append(w.file(), event_line("a") + line.substr(0, 10));
        w.poll();
        CHECK(w.news() == Names{"a"});
        append(w.file(), line.substr(10, 10));
        w.poll();
        CHECK(w.news().empty());
        w.restart();
        append(w.file(), line.substr(20));
        w.poll();
        CHECK(w.news() == Names{"torn"});
        CHECK(w.rejects() == 0);
    }

    TEST_CASE("goes on after a restart where it was") {
        Watching w;
        append(w.file(), event_line("a"));
        w.poll();
        w.stop();
        append(w.file(), event_line("b"));
        w.poll();
        CHECK(w.news() == Names{"a", "b"});
    }

    TEST_CASE("keeps bad lines as rejects with their place, tells of each by an event, and goes on") {
        Watching w;
        w.options.max_line_bytes = 200'000;
        append(
            w.file(), "not json\r\n" + event_line("a") + "{\"type\":\"\xff\"}\n\n" + std::string(300'000, 'x') +
                          "\n{}\n" + event_line("b")
        );
        w.poll();
        CHECK(w.news() == Names{"a", "b"});
        auto const rows = *ingest::list_rejects(w.log, "", 100);
        REQUIRE(rows.size() == 4);
        auto const json = [&](std::size_t i) { return nlohmann::json::parse(*rows[i].value); };
        CHECK(json(0)["text"] == "not json");
        CHECK(json(0)["offset"] == 0);
        CHECK(json(0)["file"] == "events.ndjson");
        CHECK(json(0)["id"] == rows[0].key);
        CHECK(json(1)["text_base64"] == "eyJ0eXBlIjoi/yJ9");
        CHECK_FALSE(json(1).contains("text"));
        CHECK(json(2)["bytes"] == 300'000);
        CHECK(json(2)["truncated"] == true);
        CHECK(json(2)["text"].get<std::string>().size() == 65'536);
        CHECK(json(2)["reason"] == "line too long");
        CHECK(json(3)["text"] == "{}");
        auto const all = w.log.all();
        CHECK(std::ranges::count(all, "ingest.rejected", &core::NewEvent::type) == 4);
        auto const told = std::ranges::find(all, "ingest.rejected", &core::NewEvent::type);
        CHECK(nlohmann::json::parse(told->data)["reject_id"] == rows[0].key);
        CHECK(told->source == "/gateway");
        w.restart();
        w.poll();
        CHECK(w.rejects() == 4);
    }

    TEST_CASE("refuses a line whose names are too long, and goes on") {
        Watching w;
        std::string const endless(core::most_attribute_bytes + 1, 'x');
        append(w.file(), R"({"type":")" + endless + "\"}\n");
        append(w.file(), R"({"type":"x","task_id":")" + endless + "\"}\n");
        append(w.file(), R"({"type":"session.started","context":{"session_name":")" + endless + "\"}}\n");
        append(
            w.file(), R"({"type":"x","task_id":"a"})"
                      "\n"
        );
        w.poll();
        CHECK(w.news() == Names{"a"});
        CHECK(w.rejects() == 3);
    }

    TEST_CASE("keeps only the newest rejects") {
        Watching w;
        w.max_rejects = 5;
        for (int i = 0; i < 4; ++i) append(w.file(), "bad " + std::to_string(i) + "\n");
        w.poll();
        w.restart();
        for (int i = 4; i < 8; ++i) append(w.file(), "bad " + std::to_string(i) + "\n");
        w.poll();
        auto const rows = *ingest::list_rejects(w.log, "", 100);
        REQUIRE(rows.size() == 5);
        CHECK(nlohmann::json::parse(*rows.front().value)["text"] == "bad 3");
    }

    TEST_CASE("drops repeats of a producer's id") {
        Watching w;
        append(w.file(), "{\"type\":\"x\",\"id\":1,\"task_id\":\"a\"}\n{\"type\":\"x\",\"id\":1,\"task_id\":\"a\"}\n");
        w.poll();
        CHECK(w.news() == Names{"a"});
        CHECK(w.watcher->status().repeats == 1);
    }

    TEST_CASE("keeps its place while the log refuses or fails, and loses and doubles nothing") {
        for (bool const at_once : {true, false}) {
            Watching w;
            w.options.batch_events = 3;
            auto const fail_with = [&](std::optional<core::ErrorCode> code) {
                at_once ? w.log.refuse(code) : w.log.break_disk(code);
            };
            fail_with(core::ErrorCode::StorageFull);
            Names expected;
            for (int i = 0; i < 20'000; ++i) expected.push_back("n" + std::to_string(i));
            std::string text;
            for (auto const& name : expected) text += event_line(name);
            append(w.file(), text);
            w.start();
            CHECK_FALSE(w.watcher->poll_now(std::chrono::milliseconds{50}));
            auto status = w.watcher->status();
            for (int i = 0; i < 20'000 && !status.log_fault; ++i) {
                std::this_thread::sleep_for(std::chrono::milliseconds{1});
                status = w.watcher->status();
            }
            REQUIRE(status.log_fault);
            CHECK(status.log_fault->code == core::ErrorCode::StorageFull);
            CHECK(status.commits_waiting <= 4);
            CHECK(w.news().empty());
            fail_with(std::nullopt);
            w.poll();
            CHECK(w.news() == expected);
            CHECK_FALSE(w.watcher->status().log_fault);
        }
    }

    TEST_CASE("stops while the log fails, and the next run loses nothing") {
        Watching w;
        w.log.break_disk(core::ErrorCode::Unavailable);
        append(w.file(), event_line("a"));
        w.start();
        CHECK_FALSE(w.watcher->poll_now(std::chrono::milliseconds{50}));
        w.stop();
        w.log.break_disk(std::nullopt);
        w.poll();
        CHECK(w.news() == Names{"a"});
    }

    TEST_CASE("reads a large file in bounded commits and says how far it is") {
        Watching w;
        std::string text;
        for (int i = 0; i < 50'000; ++i) text += event_line("task-" + std::to_string(i));
        append(w.file(), text + "{\"torn");
        w.poll();
        CHECK(w.news().size() == 50'000);
        CHECK(w.log.largest_commit() < 4096 + 8192);
        auto const status = w.watcher->status();
        REQUIRE(status.files.size() == 1);
        CHECK(status.files[0].file == "events.ndjson");
        CHECK(status.files[0].events == 50'000);
        CHECK(status.files[0].offset == text.size());
        CHECK(status.files[0].lag_bytes == 6);
        CHECK(status.files[0].last_success.has_value());
        CHECK(status.last_pass.has_value());
    }

    TEST_CASE("follows many files by glob, new ones and ones in new folders too") {
        Watching w{{"runs/*/events.ndjson", "other.ndjson", "other.ndjson"}};
        w.poll();
        for (auto const* const run : {"r1", "r2", "r3"}) {
            std::filesystem::create_directories(w.file("runs") / run);
            append(w.file("runs") / run / "events.ndjson", event_line(run));
        }
        append(w.file("other.ndjson"), event_line("other"));
        w.poll();
        auto news = w.news();
        std::ranges::sort(news);
        CHECK(news == Names{"other", "r1", "r2", "r3"});
        std::filesystem::remove_all(w.file("runs") / "r2");
        w.poll();
        CHECK(w.log.cursor("watch:runs/r1/events.ndjson")->has_value());
        CHECK_FALSE(w.log.cursor("watch:runs/r2/events.ndjson")->has_value());
    }

    TEST_CASE("reads files that begin alike each for itself") {
        Watching w{{"*.ndjson"}};
        append(w.file("a.ndjson"), event_line("same"));
        append(w.file("b.ndjson"), event_line("same"));
        w.poll();
        append(w.file("c.ndjson"), event_line("same"));
        w.poll();
        CHECK(w.news() == Names{"same", "same", "same"});
    }

    TEST_CASE("polls by itself, and follows a new interval") {
        Watching w;
        w.options.poll_interval = std::chrono::milliseconds{1};
        w.start();
        append(w.file(), event_line("a"));
        for (int i = 0; i < 10'000 && w.log.all().empty(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        CHECK(w.news() == Names{"a"});
        w.watcher->set_poll_interval(std::chrono::hours{1});
    }

    TEST_CASE("does not wait for the end of an old interval when there is a new one") {
        Watching w;  // which polls once an hour
        w.poll();
        append(w.file(), event_line("a"));
        w.watcher->set_poll_interval(std::chrono::milliseconds{1});
        for (int i = 0; i < 10'000 && w.log.all().empty(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        CHECK(w.news() == Names{"a"});
    }

    TEST_CASE("lets nobody wait for a poll that will not come") {
        Watching w;
        w.start();
        w.watcher->stop();
        auto const asked = [&] { return w.watcher->poll_now(std::chrono::minutes{1}); };
        auto stored = std::async(std::launch::async, asked);
        REQUIRE(stored.wait_for(std::chrono::seconds{20}) == std::future_status::ready);
        CHECK_FALSE(stored.get());
    }

    TEST_CASE("says why a file cannot be read, and reads the others") {
        Watching w{{"folder", "events.ndjson"}};
        std::filesystem::create_directory(w.file("folder"));
        append(w.file(), event_line("a"));
        w.poll();
        CHECK(w.news() == Names{"a"});
        auto const files = w.watcher->status().files;
        auto const folder = std::ranges::find(files, "folder", &ingest::WatchedFileStatus::file);
        REQUIRE(folder != files.end());
        CHECK(folder->last_error.find("regular") != std::string::npos);
    }
}
