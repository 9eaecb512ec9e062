#include "log_fixture.hpp"

#include <stdexcept>

using namespace macp;
using testing::event;
using testing::eventually;
using testing::LogFixture;

namespace {

std::vector<events::Row> rows_of(std::string const& space, int first, int last, std::size_t bytes) {
    std::vector<events::Row> rows;
    for (int i = first; i <= last; ++i) {
        rows.push_back({.space = space, .key = std::to_string(i), .value = std::string(bytes, 'v')});
    }
    return rows;
}

std::string keys(events::EventLog& log, std::string const& space) {
    std::string text;
    auto const rows = log.rows(space, "", 1000);
    for (auto const& row : *rows) text += row.key + ' ';
    return text;
}

}  // namespace

TEST_SUITE("rows") {
    TEST_CASE("are bounded in number and in bytes by the commit that adds to them, the first by key go") {
        LogFixture fixture;
        auto* log = &fixture.open();
        REQUIRE(log->commit_and_wait({.rows = rows_of("other", 100, 109, 100)}));
        REQUIRE(log->commit_and_wait({.rows = rows_of("s", 10, 19, 100), .trims = {{.space = "s", .rows = 4}}}));
        CHECK(keys(*log, "s") == "16 17 18 19 ");
        log = &fixture.open();  // the rows of an earlier run count
        REQUIRE(log->commit_and_wait({.rows = rows_of("s", 20, 20, 100), .trims = {{.space = "s", .rows = 4}}}));
        CHECK(keys(*log, "s") == "17 18 19 20 ");
        REQUIRE(log->commit_and_wait({.rows = rows_of("s", 21, 25, 1000), .trims = {{.space = "s", .bytes = 3500}}}));
        CHECK(keys(*log, "s") == "23 24 25 ");
        REQUIRE(log->commit_and_wait({.rows = rows_of("s", 26, 26, 9000), .trims = {{.space = "s", .bytes = 3500}}}));
        CHECK(keys(*log, "s") == "26 ");
        CHECK(log->rows("other", "", 100)->size() == 10);
    }

    TEST_CASE("are counted right after commits that failed, replaced, erased and ran out of time") {
        LogFixture fixture;
        fixture.options.sweep_interval = std::chrono::milliseconds{1};
        auto& log = fixture.open();
        REQUIRE(log.commit_and_wait({.rows = rows_of("s", 1, 3, 1000)}));
        auto const three = log.stats().row_bytes;
        CHECK(three >= 3000);
        events::Commit::Once broken{.space = "o", .key = "k", .value = [](auto const&) -> std::string {
                                        throw std::runtime_error{"a bug"};
                                    }};
        events::Commit bad{.rows = rows_of("s", 2, 9, 5000), .trims = {{.space = "s", .rows = 1}}, .once = broken};
        CHECK(!log.commit_and_wait(std::move(bad)));
        CHECK(log.stats().row_bytes == three);
        CHECK(keys(log, "s") == "1 2 3 ");
        REQUIRE(log.commit_and_wait({.rows = rows_of("s", 2, 2, 1000)}));
        CHECK(log.stats().row_bytes == three);
        REQUIRE(log.commit_and_wait({.rows = {{.space = "s", .key = "2"}, {.space = "s", .key = "none"}}}));
        CHECK(log.stats().row_bytes == three / 3 * 2);
        auto expires = rows_of("s", 4, 6, 1000);
        for (auto& row : expires) row.expires = fixture.clock.now() + std::chrono::hours{1};
        REQUIRE(log.commit_and_wait({.rows = expires, .trims = {{.space = "s", .rows = 4}}}));
        CHECK(keys(log, "s") == "3 4 5 6 ");
        fixture.clock.advance(std::chrono::hours{1});
        CHECK(eventually([&] { return log.stats().row_bytes == three / 3; }));
    }

    TEST_CASE("take about as much as is told") {
        for (std::size_t const bytes : {200U, 3000U, 20'000U, 90'000U}) {
            CAPTURE(bytes);
            LogFixture fixture;
            fixture.open();
            fixture.log.reset();
            auto const empty = fixture.open().stats().bytes;
            REQUIRE(fixture.log->commit_and_wait({.rows = rows_of("s", 10'000, bytes < 1000 ? 10'999 : 10'099, bytes)})
            );
            fixture.log.reset();
            auto const stats = fixture.open().stats();
            CHECK(stats.row_bytes * 5 >= (stats.bytes - empty) * 3);
            CHECK(stats.row_bytes <= (stats.bytes - empty) * 6 / 5);
        }
    }

    TEST_CASE("are read up to a bound in bytes, at least one at a time") {
        LogFixture fixture;
        auto& log = fixture.open();
        REQUIRE(log.commit_and_wait({.rows = rows_of("s", 10, 19, 1000)}));
        CHECK(log.rows("s", "", 100, 2500)->size() == 3);
        CHECK(log.rows("s", "", 100, 1)->size() == 1);
        CHECK(log.rows("s", "17", 100, 2500)->size() == 2);
        CHECK(log.rows("s", "", 2, 2500)->size() == 2);
    }

    TEST_CASE("are read by another reader after one that failed") {
        LogFixture first;
        LogFixture second;
        for (auto* const fixture : {&first, &second}) {
            events::Row const row{.space = "s", .key = "k", .value = fixture == &first ? "first" : "second"};
            REQUIRE(fixture->open().commit_and_wait({.rows = {row}}));
            fixture->log.reset();
            auto database = io::Database::open(fixture->options.path, io::Database::Mode::ReadWrite, 1000);
            REQUIRE(database->run("PRAGMA journal_mode = DELETE"));
        }
        events::Names const names;
        events::ReaderPool pool{first.options.path, names, names};
        auto const read = [&](events::LogReader& reader) { return reader.row("s", "k", first.clock.now()); };
        auto const fail = [](events::LogReader&) {
            return core::Result<int>{core::fail(core::ErrorCode::Unavailable, "told to")};
        };
        CHECK(*pool.with(read) == "first");
        std::filesystem::rename(second.options.path, first.options.path);
        CHECK(*pool.with(read) == "first");  // it is kept, with the file that it has open
        CHECK(!pool.with(fail));
        CHECK(*pool.with(read) == "second");
    }
}
