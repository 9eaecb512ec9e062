#include "ingest/file_follower.hpp"

#include "ingest/files.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace macp;
using namespace macp::testing;
using Names = std::vector<std::string>;

namespace {

/// One run of `macp watch`: a follower, and what it told.
struct Run {
    explicit Run(TempDir const& folder, Names types = {}, Names files = {"events.ndjson"})
        : follower{clock, {.root = folder.path(), .files = std::move(files), .cursor = "state/event_cursor.json"}} {
        follower.on(std::move(types), [this](ingest::FileFollower::Seen const& seen) {
            told.push_back(seen.event.subject);
        });
        follower.on_bad_line([this](std::string const&, std::uint64_t offset, core::Error const&) {
            bad.push_back(offset);
        });
    }
    Names poll() {
        told.clear();
        auto const seen = follower.poll_once();
        REQUIRE(seen);
        count = *seen;
        return told;
    }

    core::SystemClock clock;
    ingest::FileFollower follower;
    Names told;
    std::vector<std::uint64_t> bad;
    std::size_t count = 0;
};

}  // namespace

TEST_SUITE("file follower") {
    TEST_CASE("tells each event once, over restarts") {
        TempDir const folder;
        CHECK(Run{folder}.poll().empty());
        append(folder / "events.ndjson", event_line("a") + event_line("b"));
        CHECK(Run{folder}.poll() == Names{"a", "b"});
        CHECK(Run{folder}.poll().empty());
        append(folder / "events.ndjson", event_line("c") + "{\"torn");
        Run run{folder};
        CHECK(run.poll() == Names{"c"});
        CHECK(run.poll().empty());
        append(folder / "events.ndjson", "\":1,\"type\":\"x\",\"task_id\":\"d\"}\n");
        CHECK(Run{folder}.poll() == Names{"d"});
    }

    TEST_CASE("tells only the types asked for, and counts them all") {
        TempDir const folder;
        append(folder / "events.ndjson", event_line("a") + "{\"type\":\"session.started\",\"task_id\":\"s\"}\n");
        Run run{folder, {"session.*", "x"}};
        CHECK(run.poll() == Names{"s"});
        CHECK(run.count == 2);
    }

    TEST_CASE("passes over bad lines and goes on after a callback that throws") {
        TempDir const folder;
        append(folder / "events.ndjson", "bad\n" + event_line("a") + "{\"type\":\"\xff\"}\n" + event_line("b"));
        Run run{folder};
        run.follower.on({}, [](auto const&) { throw std::runtime_error{"no"}; });
        CHECK(run.poll() == Names{"a", "b"});
        CHECK(run.bad.size() == 2);
        CHECK(run.poll().empty());
    }

    TEST_CASE("moves the cursor only after the callbacks") {
        TempDir const folder;
        append(folder / "events.ndjson", event_line("a"));
        Run run{folder};
        run.follower.on({}, [&](auto const&) {
            // A second run that begins now, as after a crash, is told the same event.
            Run again{folder};
            CHECK(again.poll() == Names{"a"});
            std::filesystem::remove(folder / "state/event_cursor.json");
        });
        CHECK(run.poll() == Names{"a"});
        CHECK(Run{folder}.poll().empty());
    }

    TEST_CASE("finishes a rotated file in one poll, between runs too") {
        TempDir const folder;
        for (bool const between : {false, true}) {
            auto run = std::make_unique<Run>(folder);
            append(folder / "events.ndjson", event_line("a"));
            CHECK(run->poll() == Names{"a"});
            if (between) run.reset();
            append(folder / "events.ndjson", event_line("b"));
            std::filesystem::rename(folder / "events.ndjson", folder / "events.ndjson.1");
            append(folder / "events.ndjson", event_line("c"));
            if (!run) run = std::make_unique<Run>(folder);
            CHECK(run->poll() == Names{"b", "c"});
            CHECK(run->poll().empty());
        }
    }

    TEST_CASE("starts over, saying so, when the cursor file is foreign or damaged") {
        TempDir const folder;
        append(folder / "events.ndjson", event_line("a"));
        for (auto const* const text : {R"({"position": 17})", "", R"({"files":{"events.ndjson":{}}})", "\xff\xfe"}) {
            CHECK(Run{folder}.poll().size() <= 1);
            write(folder / "state/event_cursor.json", text);
            CHECK(
                ingest::FileCursor{folder / "state/event_cursor.json"}.load().error().code == core::ErrorCode::Corrupt
            );
            CHECK(Run{folder}.poll() == Names{"a"});
        }
    }

    TEST_CASE("leaves the places of files that it does not follow as they are") {
        TempDir const folder;
        std::filesystem::create_directory(folder / "logs");
        append(folder / "events.ndjson", event_line("a"));
        append(folder / "logs/one.ndjson", event_line("b"));
        CHECK(Run{folder}.poll() == Names{"a"});
        CHECK(Run{folder, {}, {"logs/*.ndjson"}}.poll() == Names{"b"});
        CHECK(Run{folder}.poll().empty());
        CHECK(Run{folder, {}, {"logs/*.ndjson"}}.poll().empty());
        append(folder / "logs/two.ndjson", event_line("c"));
        // Both at work at once, in turns.
        Run here{folder};
        Run there{folder, {}, {"logs/*.ndjson"}};
        append(folder / "events.ndjson", event_line("d"));
        CHECK(there.poll() == Names{"c"});
        CHECK(here.poll() == Names{"d"});
        CHECK(Run{folder, {}, {"events.ndjson", "logs/*.ndjson"}}.poll().empty());
    }

    TEST_CASE("tells lines to each of two at once, and lets the first keep the place") {
        TempDir const folder;
        append(folder / "events.ndjson", event_line("a"));
        auto first = std::make_unique<Run>(folder);
        CHECK(first->poll() == Names{"a"});
        Run second{folder};
        append(folder / "events.ndjson", event_line("b"));
        CHECK(second.poll() == Names{"b"});
        CHECK(Run{folder}.poll() == Names{"b"});  // the second moved nothing
        CHECK(first->poll() == Names{"b"});
        CHECK(Run{folder}.poll().empty());

        first.reset();
        append(folder / "events.ndjson", event_line("c"));
        CHECK(second.poll() == Names{"c"});  // now it is the only one
        CHECK(Run{folder}.poll().empty());
    }

    TEST_CASE("forgets the place of a name whose content has moved to another name") {
        TempDir const folder;
        append(folder / "one.ndjson", event_line("a"));
        CHECK(Run{folder, {}, {"*.ndjson"}}.poll() == Names{"a"});
        std::filesystem::rename(folder / "one.ndjson", folder / "two.ndjson");
        CHECK(Run{folder, {}, {"*.ndjson"}}.poll().empty());
        auto const places = ingest::FileCursor{folder / "state/event_cursor.json"}.load();
        REQUIRE(places);
        CHECK_FALSE(places->contains("one.ndjson"));
        CHECK(places->contains("two.ndjson"));
    }

    TEST_CASE("leaves the cursor behind lines that could not be passed on, of a rotated file too") {
        TempDir const folder;
        append(folder / "events.ndjson", event_line("a"));
        Run run{folder};
        CHECK(run.poll() == Names{"a"});
        append(folder / "events.ndjson", event_line("b"));
        std::filesystem::rename(folder / "events.ndjson", folder / "events.ndjson.1");
        append(folder / "events.ndjson", event_line("c"));
        run.follower.before_save([] { return core::fail(core::ErrorCode::StorageFull, "nobody takes it"); });
        auto const refused = run.follower.poll_once();
        REQUIRE_FALSE(refused);
        CHECK(refused.error().message == "nobody takes it");
        CHECK(Run{folder}.poll() == Names{"b", "c"});
    }

    TEST_CASE("says that it cannot save, and saves with the next poll") {
        TempDir const folder;
        append(folder / "events.ndjson", event_line("a"));
        write(folder / "state", "in the way");
        Run run{folder};
        CHECK_FALSE(run.follower.poll_once());
        std::filesystem::remove(folder / "state");
        CHECK(run.follower.poll_once());
        CHECK(Run{folder}.poll().size() + run.told.size() == 1);
    }
}
