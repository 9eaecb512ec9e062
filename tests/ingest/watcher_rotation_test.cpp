#include "ingest/watching.hpp"
#include "io/file_place.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace macp;
using namespace macp::testing;
using Names = Watching::Names;
namespace fs = std::filesystem;

namespace {

/// Each case with the file named alone, and with a glob that takes its rotated copies in; without and with a restart
/// between what happens and the next look.
template <class Case>
void in_all_ways(Case run) {
    for (auto const* const pattern : {"events.ndjson", "events.ndjson*"}) {
        for (bool const restart : {false, true}) {
            CAPTURE(pattern);
            CAPTURE(restart);
            Watching w{{pattern}};
            run(w, [&w, restart] {
                if (restart) w.stop();
            });
            w.restart();
            w.poll();
            CHECK(w.news().empty());
            CHECK(w.rejects() == 0);
        }
    }
}

Names sorted(Names names) {
    std::ranges::sort(names);
    return names;
}

}  // namespace

TEST_SUITE("watcher and rotation") {
    TEST_CASE("finishes a renamed file, then reads the new one") {
        in_all_ways([](Watching& w, auto meanwhile) {
            append(w.file(), event_line("a"));
            w.poll();
            meanwhile();
            append(w.file(), event_line("b"));
            fs::rename(w.file(), w.file("events.ndjson.1"));
            append(w.file(), event_line("c"));
            w.poll();
            CHECK(sorted(w.news()) == Names{"a", "b", "c"});
            append(w.file(), event_line("d"));
            w.poll();
            CHECK(w.news() == Names{"d"});
        });
    }

    TEST_CASE("reads what a writer appends to the renamed file before it begins the next") {
        in_all_ways([](Watching& w, auto meanwhile) {
            append(w.file(), event_line("a"));
            w.poll();
            fs::rename(w.file(), w.file("events.ndjson.1"));
            write(w.file(), "");
            w.poll();
            append(w.file("events.ndjson.1"), event_line("b"));
            meanwhile();
            w.poll();
            append(w.file("events.ndjson.1"), event_line("c"));
            w.poll();
            CHECK(w.news() == Names{"a", "b", "c"});
        });
    }

    TEST_CASE("goes through several rotations that it slept over") {
        in_all_ways([](Watching& w, auto meanwhile) {
            append(w.file(), event_line("a"));
            w.poll();
            meanwhile();
            append(w.file(), event_line("b"));
            fs::rename(w.file(), w.file("events.ndjson.1"));
            append(w.file(), event_line("c"));
            fs::rename(w.file("events.ndjson.1"), w.file("events.ndjson.2"));
            fs::rename(w.file(), w.file("events.ndjson.1"));
            append(w.file(), event_line("d"));
            w.poll();
            CHECK(sorted(w.news()) == Names{"a", "b", "c", "d"});
        });
    }

    TEST_CASE("shifts places along when all rotated files move on by one name") {
        in_all_ways([](Watching& w, auto meanwhile) {
            for (int i = 0; i < 5; ++i) {
                append(w.file(), event_line("n" + std::to_string(i)));
                w.poll();
                meanwhile();
                for (int old = 3; old > 0; --old) {
                    auto const name = w.file("events.ndjson." + std::to_string(old));
                    if (fs::exists(name)) fs::rename(name, w.file("events.ndjson." + std::to_string(old + 1)));
                }
                fs::rename(w.file(), w.file("events.ndjson.1"));
            }
            w.poll();
            CHECK(w.news() == Names{"n0", "n1", "n2", "n3", "n4"});
        });
    }

    TEST_CASE("finds the unread rest of a file that was copied and truncated in the copy") {
        in_all_ways([](Watching& w, auto meanwhile) {
            append(w.file(), event_line("a"));
            w.poll();
            meanwhile();
            append(w.file(), event_line("b"));
            copy_and_truncate(w.file(), w.file("events.ndjson.1"));
            append(w.file(), event_line("c"));
            w.poll();
            CHECK(sorted(w.news()) == Names{"a", "b", "c"});
            append(w.file(), event_line("d"));
            w.poll();
            CHECK(w.news() == Names{"d"});
        });
    }

    TEST_CASE("does not read a copy again that holds nothing new, seen before or after the truncation") {
        in_all_ways([](Watching& w, auto meanwhile) {
            append(w.file(), event_line("a") + event_line("b"));
            w.poll();
            CHECK(w.news() == Names{"a", "b"});
            fs::copy_file(w.file(), w.file("events.ndjson.1"));
            w.poll();
            meanwhile();
            append(w.file(), event_line("c"));
            w.poll();
            CHECK(w.news() == Names{"c"});
            fs::resize_file(w.file(), 0);
            w.poll();
            meanwhile();
            append(w.file(), event_line("d"));
            w.poll();
            CHECK(w.news() == Names{"d"});
        });
    }

    TEST_CASE("starts over in a truncated file, even when it has grown past the old place") {
        in_all_ways([](Watching& w, auto meanwhile) {
            append(w.file(), event_line("a"));
            w.poll();
            meanwhile();
            write(w.file(), event_line("b") + event_line("c") + event_line("d"));
            w.poll();
            CHECK(w.news() == Names{"a", "b", "c", "d"});
            meanwhile();
            write(w.file(), event_line("e"));
            w.poll();
            CHECK(w.news() == Names{"e"});
        });
    }

    TEST_CASE("tells a new file from the old one when it has the same inode") {
        Watching w;
        append(w.file(), event_line("a") + event_line("b"));
        w.poll();
        w.stop();
        auto const inode = macp::io::stat_file(w.file())->inode;
        bool reused = false;
        for (int i = 0; i < 100 && !reused; ++i) {
            fs::remove(w.file());
            append(w.file(), event_line("c") + event_line("d") + event_line("e"));
            reused = macp::io::stat_file(w.file())->inode == inode;
        }
        w.poll();
        CHECK(w.news() == Names{"a", "b", "c", "d", "e"});
        WARN_MESSAGE(reused, "this file system gave the inode to nobody");
    }

    TEST_CASE("reads a file that replaces a deleted one, and the rest of the deleted one while it is open") {
        in_all_ways([](Watching& w, auto) {
            append(w.file(), event_line("a"));
            w.poll();
            append(w.file(), event_line("b"));
            fs::remove(w.file());
            append(w.file(), event_line("c"));
            w.poll();
            CHECK(sorted(w.news()) == Names{"a", "b", "c"});
        });
    }

    TEST_CASE("does not read a file again that was replaced by a copy of itself") {
        Watching w;
        std::string text;
        Names expected;
        for (int i = 0; i < 100; ++i) {
            expected.push_back("n" + std::to_string(i));
            text += event_line(expected.back());
        }
        append(w.file(), text);
        w.poll();
        write(w.file("new"), text + event_line("b"));
        fs::rename(w.file("new"), w.file());
        w.poll();
        expected.emplace_back("b");
        CHECK(w.news() == expected);
    }

    TEST_CASE("takes a place along to any other name that the glob matches") {
        Watching w{{"*.ndjson"}};
        append(w.file("events.ndjson"), event_line("a"));
        w.poll();
        fs::rename(w.file("events.ndjson"), w.file("archive.ndjson"));
        append(w.file("archive.ndjson"), event_line("b"));
        append(w.file("events.ndjson"), event_line("c"));
        w.poll();
        CHECK(sorted(w.news()) == Names{"a", "b", "c"});
        w.stop();
        fs::rename(w.file("archive.ndjson"), w.file("zzz.ndjson"));
        append(w.file("zzz.ndjson"), event_line("d"));
        w.poll();
        CHECK(w.news() == Names{"d"});
    }

    TEST_CASE("keeps the end of a file that stopped in the middle of a line: an event when it is one, else a reject") {
        Watching w;
        append(w.file(), event_line("a") + R"({"type":"x","task_id":"b"})");
        w.poll();
        fs::rename(w.file(), w.file("events.ndjson.1"));
        append(w.file(), event_line("c") + R"({"type":"x","ta)");
        w.poll();
        CHECK(w.news() == Names{"a", "b", "c"});
        fs::rename(w.file(), w.file("events.ndjson.2"));
        append(w.file(), event_line("d"));
        w.poll();
        CHECK(w.news() == Names{"d"});
        CHECK(w.rejects() == 1);
    }
}
