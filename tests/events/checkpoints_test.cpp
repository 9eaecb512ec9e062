#include "events/checkpoints.hpp"

#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

using namespace macp;
namespace fs = std::filesystem;

namespace {

constexpr int limit_pages = 64;

/// A database in WAL mode whose checkpoints are ours.
struct Store {
    testing::TempDir folder{};
    fs::path path = folder / "a.db";
    io::Database database{};
    std::unique_ptr<events::Checkpoints> checkpoints{};

    Store() {
        REQUIRE(make_empty(path));
        database = *io::Database::open(path, io::Database::Mode::ReadWrite, 1000);
        REQUIRE(database.run("PRAGMA journal_mode = WAL; CREATE TABLE t (text TEXT)"));
        database.count_wal_pages();
        auto opened = events::Checkpoints::open(database, path, 1000, limit_pages);
        REQUIRE(opened);
        checkpoints = *std::move(opened);
    }

    static bool make_empty(fs::path const& path) {
        std::unique_ptr<FILE, int (*)(FILE*)> const file{std::fopen(path.c_str(), "w"), &std::fclose};
        return file != nullptr;
    }

    void write_pages(int count) {
        auto const sql = "INSERT INTO t VALUES (hex(zeroblob(" + std::to_string(count * 2000) + ")))";
        REQUIRE(database.run(sql));
    }
};

bool soon(auto const& happened) {
    auto const give_up = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!happened() && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
    return happened();
}

}  // namespace

TEST_SUITE("checkpoints") {
    TEST_CASE("folds in on a thread of its own once enough has gathered, with the writer doing nothing") {
        Store store;
        store.write_pages(limit_pages / 2);
        store.checkpoints->after_commit();
        auto const before = fs::file_size(store.path);
        store.write_pages(limit_pages / 2 + 4);
        auto const waiting = store.database.wal_pages();
        REQUIRE(waiting >= limit_pages);
        REQUIRE(waiting < limit_pages + limit_pages / 2);
        CHECK(fs::file_size(store.path) == before);
        store.checkpoints->after_commit();
        CHECK(soon([&] { return fs::file_size(store.path) >= before + limit_pages / 2 * 4096; }));
    }

    TEST_CASE("lets the write-ahead log start over, however much is written") {
        Store store;
        auto const wal = fs::path{store.path.string() + "-wal"};
        for (int i = 0; i < 200; ++i) {
            store.write_pages(10);
            store.checkpoints->after_commit();
        }
        CHECK(fs::file_size(wal) < 2 * limit_pages * 4200);
        CHECK(store.database.integer("SELECT count(*) FROM t") == 200);
    }

    TEST_CASE("folds in at once when it is told to") {
        Store store;
        auto const before = fs::file_size(store.path);
        store.write_pages(10);
        store.checkpoints->fold_now();
        CHECK(fs::file_size(store.path) > before);
    }
}
