#include "log_fixture.hpp"

#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>
#include <unistd.h>

using namespace macp;
using testing::append;
using testing::LogFixture;
using testing::numbered;

namespace {

core::Error refusal(LogFixture const& fixture) {
    auto const opened = events::SqliteLog::open(fixture.options);
    REQUIRE(!opened);
    return opened.error();
}

void change(std::filesystem::path const& path, std::string const& sql) {
    auto database = io::Database::open(path, io::Database::Mode::ReadWrite, 1000);
    REQUIRE(database);
    REQUIRE(database->run(sql));
}

std::string contents(std::filesystem::path const& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

mode_t mode(std::filesystem::path const& path) {
    struct ::stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 0777U;
}

}  // namespace

TEST_SUITE("opening the log") {
    TEST_CASE("makes folders and files for the owner alone") {
        LogFixture fixture;
        fixture.options.path = fixture.folder / "a" / "b" / "macp.db";
        append(fixture.open(), numbered(1, 1));
        CHECK(mode(fixture.folder / "a") == 0700);
        CHECK(mode(fixture.folder / "a" / "b") == 0700);
        for (auto const* suffix : {"", "-wal", "-shm", ".lock", ".reserve"}) {
            CHECK(mode(fixture.options.path.string() + suffix) == 0600);
        }
    }

    TEST_CASE("refuses a damaged file, says what to do, and leaves it as it is") {
        LogFixture fixture;
        append(fixture.open(), numbered(1, 5000, 200));
        fixture.log.reset();
        auto const path = fixture.options.path;
        {
            std::fstream file{path, std::ios::binary | std::ios::in | std::ios::out};
            for (std::streamoff page = 2; page < 40; ++page) {
                file.seekp(page * 4096);
                file << std::string(64, '\xee');
            }
        }
        auto const damaged = contents(path);
        auto const error = refusal(fixture);
        CHECK(error.code == core::ErrorCode::Corrupt);
        CHECK(error.message.find(path.string()) != std::string::npos);
        CHECK(error.message.find("restore it from a backup") != std::string::npos);
        CHECK(contents(path) == damaged);
    }

    TEST_CASE("refuses a file that is no database") {
        LogFixture fixture;
        std::ofstream{fixture.options.path} << std::string(10'000, 'x');
        CHECK(refusal(fixture).code == core::ErrorCode::Corrupt);
        CHECK(contents(fixture.options.path) == std::string(10'000, 'x'));
    }

    TEST_CASE("finds an index that disagrees with its table when asked to look closely") {
        LogFixture fixture;
        append(fixture.open(), numbered(1, 10));
        fixture.log.reset();
        change(
            fixture.options.path,
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX events_by_time ON events (seq)'"
            " WHERE name = 'events_by_time'"
        );
        fixture.options.integrity_check = events::IntegrityCheck::Full;
        CHECK(refusal(fixture).code == core::ErrorCode::Corrupt);
        fixture.options.integrity_check = events::IntegrityCheck::Off;
        CHECK(events::SqliteLog::open(fixture.options).has_value());
    }

    TEST_CASE("refuses a newer format and another program's database") {
        LogFixture fixture;
        fixture.open();
        fixture.log.reset();
        change(fixture.options.path, "UPDATE meta SET value = '99' WHERE key = 'format'");
        auto error = refusal(fixture);
        CHECK(error.code == core::ErrorCode::Conflict);
        CHECK(error.message.find("format 99") != std::string::npos);

        LogFixture other;
        std::ofstream{other.options.path}.flush();
        change(other.options.path, "CREATE TABLE notes (text)");
        auto const theirs = contents(other.options.path);
        error = refusal(other);
        CHECK(error.code == core::ErrorCode::Conflict);
        CHECK(error.message.find("another program") != std::string::npos);
        CHECK(contents(other.options.path) == theirs);
    }

    TEST_CASE("refuses a log that is open already, naming the process") {
        LogFixture fixture;
        auto& log = fixture.open();
        auto const error = refusal(fixture);
        CHECK(error.code == core::ErrorCode::Conflict);
        CHECK(error.message.find("process " + std::to_string(::getpid())) != std::string::npos);
        CHECK(append(log, numbered(1, 1)).has_value());
        fixture.log.reset();
        CHECK(events::SqliteLog::open(fixture.options).has_value());
    }

    TEST_CASE("forgets names that no event has any more") {
        LogFixture fixture;
        append(fixture.open(), {testing::event("1", "old.type", "/old"), testing::event("2", "kept.type", "/kept")});
        fixture.log.reset();
        change(fixture.options.path, "DELETE FROM events WHERE seq = 1");
        auto& log = fixture.open();
        CHECK(append(log, {testing::event("3", "new.type", "/new")}));
        CHECK(testing::read_all(log, {.types = {"kept.type"}}) == std::vector<core::Seq>{2});
        CHECK(testing::read_all(log, {.sources = {"/new"}}) == std::vector<core::Seq>{3});
        fixture.log.reset();
        auto database = io::Database::open(fixture.options.path, io::Database::Mode::ReadWrite, 1000);
        CHECK(*database->text("SELECT group_concat(text) FROM types") == "kept.type,new.type");
    }
}
