#include "io/file_tail.hpp"

#include "ingest/files.hpp"
#include "io/atomic_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

using namespace macp;
using namespace macp::testing;
using Found = io::FileTail::Found;

namespace {

/// Everything that can be read now, consumed; `|` where the tail went on in another file.
std::string drain(io::FileTail& tail) {
    std::string out;
    std::string block(7, '\0');
    for (int i = 0; i < 10'000; ++i) {
        auto const read = tail.read(block);
        REQUIRE(read);
        if (read->found == Found::Data) {
            out.append(block, 0, read->bytes);
            tail.consume(read->bytes, std::string_view{block}.substr(0, read->bytes));
        } else if (read->found == Found::Ended) {
            tail.next_file();
            out += '|';
        } else if (read->found == Found::Absent || (read->found == Found::Nothing && !tail.leaving())) {
            return out;
        }
    }
    FAIL("the tail does not come to rest");
    return out;
}

}  // namespace

TEST_SUITE("file tail") {
    TEST_CASE("reads on from a saved place, in text form and back") {
        TempDir const folder;
        append(folder / "f", "hello ");
        io::FileTail first{folder / "f"};
        CHECK(drain(first) == "hello ");
        append(folder / "f", "world");
        auto const place = io::parse_place(io::format_place(first.place()));
        REQUIRE(place);
        CHECK(*place == first.place());
        io::FileTail second{folder / "f", *place};
        CHECK(drain(second) == "world");
        CHECK_FALSE(io::parse_place("{\"position\": 17}"));
        CHECK_FALSE(io::parse_place("nonsense"));
    }

    TEST_CASE("reads again what was read and not consumed") {
        TempDir const folder;
        append(folder / "f", "abc");
        io::FileTail tail{folder / "f"};
        std::string block(10, '\0');
        REQUIRE(tail.read(block)->found == Found::Moved);
        REQUIRE(tail.read(block)->bytes == 3);
        tail.consume(1, "a");
        tail.rewind();
        CHECK(drain(tail) == "bc");
    }

    TEST_CASE("leaves a renamed file only when its successor has begun, and once more looked at") {
        TempDir const folder;
        append(folder / "f", "a");
        io::FileTail tail{folder / "f"};
        CHECK(drain(tail) == "a");
        std::filesystem::rename(folder / "f", folder / "f.1");
        append(folder / "f.1", "b");
        CHECK(drain(tail) == "b");
        write(folder / "f", "");
        append(folder / "f.1", "c");
        CHECK(drain(tail) == "c");
        append(folder / "f", "x");
        std::string block(10, '\0');
        CHECK(tail.read(block)->found == Found::Nothing);
        CHECK(tail.leaving());
        append(folder / "f.1", "d");
        CHECK(drain(tail) == "d|x");
    }

    TEST_CASE("refuses to follow a pipe or a folder, without hanging") {
        TempDir const folder;
        REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
        std::string block(10, '\0');
        CHECK(io::FileTail{folder / "pipe"}.read(block).error().code == core::ErrorCode::Unavailable);
        CHECK(io::FileTail{folder.path()}.read(block).error().code == core::ErrorCode::Unavailable);
        CHECK(io::FileTail{folder / "none"}.read(block)->found == Found::Absent);
    }

    TEST_CASE("does not take another file's backup or unlike rotated files for its own past") {
        TempDir const folder;
        append(folder / "f", "one\n");
        io::FileTail tail{folder / "f"};
        CHECK(drain(tail) == "one\n");
        append(folder / "f.bak", "two\n");
        append(folder / "f.1.gz", "gzip");
        append(folder / "file", "other\n");
        std::filesystem::rename(folder / "f", folder / "f.1");
        std::filesystem::copy_file(folder / "f.1", folder / "f.20260101");
        append(folder / "f", "three\n");
        CHECK(drain(tail) == "|three\n");
    }

    TEST_CASE("writes a file whole or not at all") {
        TempDir const folder;
        REQUIRE(io::write_atomically(folder / "deep/er/f", "one"));
        REQUIRE(io::write_atomically(folder / "deep/er/f", "two"));
        CHECK(contents(folder / "deep/er/f") == "two");
        CHECK(std::distance(std::filesystem::directory_iterator{folder / "deep/er"}, {}) == 1);
        CHECK_FALSE(io::write_atomically(folder / "deep/er/f/x", "no"));
        CHECK_FALSE(io::write_atomically(folder / "deep/er/f/x/y", "no"));

        auto const leftover = (folder / "f").string() + ".tmp." + std::to_string(::getpid());
        std::ofstream{folder / "elsewhere"} << "untouched";
        std::filesystem::create_symlink(folder / "elsewhere", leftover);
        REQUIRE(io::write_atomically(folder / "f", "three"));
        CHECK(std::filesystem::file_size(folder / "elsewhere") == 9);
        CHECK_FALSE(std::filesystem::is_symlink(folder / "f"));
    }
}
