#include "program.hpp"

#include <doctest/doctest.h>

using macp::testing::Shell;

namespace {

constexpr auto events_file = ".mosaic/orchestrator/events.ndjson";
constexpr std::string_view completed =
    R"({"event_type":"task.completed","task_id":"T-1","title":"Do it","attempt":1,"max_attempts":1,"duration_seconds":45})"
    "\n";
constexpr std::string_view failed = R"({"type":"task.failed","task_id":"T-2","error":"\u001b[31mBoom"})"
                                    "\n";
constexpr std::string_view completed_line = "✅ Task T-1 completed — Do it (attempt 1/1, 45s)\n";
constexpr std::string_view failed_line = "❌ Task T-2 failed — Boom\n";

}  // namespace

TEST_SUITE("watch") {
    TEST_CASE("prints readable lines once, and goes on where it stopped") {
        Shell const shell;
        shell.write(events_file, completed);
        auto const first = shell.run("macp watch --once");
        CHECK(first.code == 0);
        CHECK(first.out == completed_line);
        CHECK(shell.run("macp watch --once").out.empty());
        shell.append(events_file, failed);
        CHECK(shell.run("macp watch --once").out == failed_line);
    }

    TEST_CASE("prints the lines as they stand with --json, and only the types asked for") {
        Shell const shell;
        shell.write("elsewhere/lines.ndjson", std::string{completed} + std::string{failed});
        auto const outcome =
            shell.run("macp watch --once --json --type '*.failed' --root elsewhere --events 'l*.ndjson'");
        CHECK(outcome.out == failed);
    }

    TEST_CASE("warns of a corrupt line and goes on") {
        Shell const shell;
        shell.write(events_file, "{broken\n" + std::string{completed});
        auto const outcome = shell.run("macp watch --once");
        CHECK(outcome.code == 0);
        CHECK(outcome.out == completed_line);
        CHECK(outcome.err.find("warning") != std::string::npos);
    }

    TEST_CASE("keeps its place in files that a run in between did not watch") {
        Shell const shell;
        shell.write(events_file, completed);
        shell.write("logs/more.ndjson", failed);
        CHECK(shell.run("macp watch --once").out == completed_line);
        CHECK(shell.run("macp watch --once --events 'logs/*.ndjson'").out == failed_line);
        CHECK(shell.run("macp watch --once").out.empty());
        CHECK(shell.run("macp watch --once --events 'logs/*.ndjson'").out.empty());
    }

    TEST_CASE("prints again what nobody took, and ends with 1") {
        Shell const shell;
        shell.write(events_file, completed);
        for (std::string const form : {"", " --json"}) {
            auto const outcome = shell.run("macp watch --once" + form + " > /dev/full");
            CHECK(outcome.code == 1);
            CHECK(outcome.err == "macp: standard output takes no more: No space left on device\n");
        }
        CHECK(shell.run("macp watch --once").out == completed_line);
    }

    TEST_CASE("ends with 1 when its place cannot be kept") {
        Shell const shell;
        shell.write("lines.ndjson", completed);
        shell.write(".mosaic/orchestrator", "in the way");
        auto const outcome = shell.run("macp watch --once --events lines.ndjson");
        CHECK(outcome.code == 1);
        CHECK(outcome.err.find("event_cursor.json") != std::string::npos);
    }

    TEST_CASE("has nothing to say when the file is not there yet") {
        Shell const shell;
        auto const outcome = shell.run("macp watch --once");
        CHECK(outcome.code == 0);
        CHECK(outcome.out.empty());
    }

    TEST_CASE("sees what is appended later, and ends with 0 when interrupted") {
        Shell const shell;
        shell.write(events_file, completed);
        shell.write("late.ndjson", failed);
        auto const outcome = shell.run(R"(set -m
MACP_WATCH_POLL_INTERVAL_SECONDS=0.05 "$MACP" watch > watched.txt &
for i in $(seq 400); do grep -q T-1 watched.txt && break; sleep 0.05; done
cat late.ndjson >> .mosaic/orchestrator/events.ndjson
for i in $(seq 400); do grep -q T-2 watched.txt && break; sleep 0.05; done
kill -INT $!
wait $!
)");
        CHECK(outcome.code == 0);
        CHECK(macp::testing::read_all(shell / "watched.txt") == std::string{completed_line} + std::string{failed_line});
    }

    TEST_CASE("says that its place is not kept while another run keeps it, and keeps it from then on") {
        Shell const shell;
        shell.write(events_file, completed);
        shell.write("late.ndjson", failed);
        auto const outcome = shell.run(R"(set -m
export MACP_WATCH_POLL_INTERVAL_SECONDS=0.05
seen() { for i in $(seq 400); do grep -q "$1" "$2" && return; sleep 0.05; done; }
"$MACP" watch > first.txt & first=$!
seen T-1 first.txt
"$MACP" watch > second.txt 2> second.err & second=$!
seen 'not kept' second.err
kill -INT $first && wait $first
cat late.ndjson >> .mosaic/orchestrator/events.ndjson
seen T-2 second.txt
kill -INT $second && wait $second
"$MACP" watch --once
)");
        CHECK(outcome.code == 0);
        CHECK(outcome.out.empty());
        auto const said = macp::testing::read_all(shell / "second.err");
        CHECK(said.find("warning") != std::string::npos);
        CHECK(said.find("events.ndjson: that of this one is not kept") != std::string::npos);
        CHECK(macp::testing::read_all(shell / "second.txt").ends_with(failed_line));
    }

    TEST_CASE("colours a terminal, and not when NO_COLOR is set") {
        Shell const shell;
        shell.write(events_file, completed);
        auto const watch = [&shell](std::string const& before) {
            auto const line =
                "rm -f .mosaic/orchestrator/event_cursor.json; command -v script > /dev/null || exit 9; " + before +
                " script -qec '\"$MACP\" watch --once' /dev/null";
            return shell.run("export MACP; " + line);
        };
        auto const coloured = watch("TERM=xterm");
        if (coloured.code == 9) return;  // no terminal to be had here
        CHECK(coloured.out.find("\x1b[32m✅") != std::string::npos);
        CHECK(watch("TERM=xterm NO_COLOR=1").out.find('\x1b') == std::string::npos);
        CHECK(watch("TERM=dumb").out.find('\x1b') == std::string::npos);
    }
}
