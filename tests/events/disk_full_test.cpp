#include "log_fixture.hpp"

#include <sys/mount.h>

#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <unistd.h>

using namespace macp;
using std::chrono::hours;
using testing::append;
using testing::eventually;
using testing::LogFixture;
using testing::numbered;
using testing::read_all;

namespace {

/// A file system of a few megabytes, in a folder.
class SmallDisk {
public:
    explicit SmallDisk(std::filesystem::path path) : path_{std::move(path)} {
        std::filesystem::create_directory(path_);
        mounted_ = mount();
        // Without the right to mount: in a name space of our own there is one.
        if (!mounted_ && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) mounted_ = mount();
    }
    SmallDisk(SmallDisk const&) = delete;
    SmallDisk& operator=(SmallDisk const&) = delete;
    ~SmallDisk() {
        if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    }

    [[nodiscard]] bool mounted() const { return mounted_; }
    void fill() const {
        int const file = ::open((path_ / "filler").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
        std::string const block(4096, 'f');
        while (::write(file, block.data(), block.size()) > 0) continue;
        ::close(file);
    }
    void free() const { std::filesystem::remove(path_ / "filler"); }

private:
    [[nodiscard]] bool mount() const { return ::mount("none", path_.c_str(), "tmpfs", 0, "size=8m") == 0; }

    std::filesystem::path path_;
    bool mounted_ = false;
};

/// Appends until the disk is full; returns the last position that was acknowledged.
core::Seq append_until_full(events::EventLog& log, int number, std::size_t data_bytes) {
    for (core::Seq last = log.tail().last(); number < 100'000; ++number) {
        auto const done = append(log, numbered(number, number, data_bytes));
        if (!done) {
            CHECK(done.error().code == core::ErrorCode::StorageFull);
            return last;
        }
        last = done->seqs.back();
    }
    FAIL("the disk never was full");
    return 0;
}

void check_whole(events::SqliteLog& log, core::Seq oldest, core::Seq last) {
    auto const all = read_all(log);
    REQUIRE(all.size() == last - oldest + 1);
    CHECK(all.front() == oldest);
    CHECK(all.back() == last);
}

}  // namespace

TEST_SUITE("full disk") {
    TEST_CASE("refuses commits, goes on reading, and recovers by itself once there is space") {
        LogFixture fixture;
        SmallDisk const disk{fixture.folder / "disk"};
        REQUIRE_MESSAGE(disk.mounted(), "needs the right to mount a tmpfs, or user name spaces");
        fixture.options.path = fixture.folder / "disk" / "macp.db";
        auto& log = fixture.open();
        REQUIRE(append(log, numbered(1, 100)));
        disk.fill();
        auto const last = append_until_full(log, 101, 20'000);
        CHECK(log.stats().fault->code == core::ErrorCode::StorageFull);
        for (int i = 0; i < 20; ++i) CHECK(!append(log, numbered(90'000 + i, 90'000 + i, 20'000)));
        // All or nothing: a cursor does not move without its events.
        CHECK(!log.commit_and_wait({.events = numbered(80'000, 80'100, 9000), .cursors = {{.name = "c", .value = "1"}}})
        );
        CHECK(!log.cursor("c")->has_value());
        check_whole(log, 1, last);
        CHECK(log.tail().last() == last);

        disk.free();
        REQUIRE(append(log, numbered(101'000, 101'010, 20'000))->seqs.front() == last + 1);
        CHECK(!log.stats().fault);
        check_whole(log, 1, last + 11);
        check_whole(fixture.open(), 1, last + 11);
        fixture.options.integrity_check = events::IntegrityCheck::Full;
        fixture.open();
        fixture.log.reset();
    }

    TEST_CASE("lets retention make room, with the space set aside for it") {
        LogFixture fixture;
        SmallDisk const disk{fixture.folder / "disk"};
        REQUIRE_MESSAGE(disk.mounted(), "needs the right to mount a tmpfs, or user name spaces");
        fixture.options.path = fixture.folder / "disk" / "macp.db";
        fixture.options.max_age = hours{1};
        fixture.options.sweep_interval = std::chrono::milliseconds{1};
        auto& log = fixture.open();
        REQUIRE(append(log, numbered(1, 500, 1000)));
        auto database = io::Database::open(fixture.options.path, io::Database::Mode::ReadOnly, 1000);
        REQUIRE(eventually([&] { return *database->integer("SELECT max(seq) FROM marks") == 501; }));
        disk.fill();
        auto const last = append_until_full(log, 501, 4000);
        fixture.clock.advance(hours{2});
        // The newest event stays, and none may have found room.
        REQUIRE(eventually([&] { return log.stats().oldest >= std::min<core::Seq>(last, 501); }));
        CHECK(read_all(log).back() == last);
        fixture.log.reset();
    }

    TEST_CASE("opens a log on a full disk for reading") {
        LogFixture fixture;
        SmallDisk const disk{fixture.folder / "disk"};
        REQUIRE_MESSAGE(disk.mounted(), "needs the right to mount a tmpfs, or user name spaces");
        fixture.options.path = fixture.folder / "disk" / "macp.db";
        REQUIRE(append(fixture.open(), numbered(1, 100)));
        fixture.log.reset();
        disk.fill();
        auto& log = fixture.open();
        check_whole(log, 1, 100);
        REQUIRE(log.stats().fault);  // told from the start, not from the first commit on
        CHECK(log.stats().fault->code == core::ErrorCode::StorageFull);
        auto const last = append_until_full(log, 101, 20'000);
        disk.free();
        CHECK(append(log, numbered(60'000, 60'000))->seqs.front() == last + 1);
        CHECK(!log.stats().fault);
        fixture.log.reset();
    }

    TEST_CASE("is not what a file system has that sets nothing aside") {
        LogFixture fixture;
        std::filesystem::create_symlink("/dev/null", fixture.options.path.string() + ".reserve");
        auto& log = fixture.open();
        CHECK(!log.stats().fault);
        REQUIRE(append(log, numbered(1, 10)));
        check_whole(log, 1, 10);
    }

    TEST_CASE("is the same when the database itself may not grow, and bounds by bytes free it") {
        LogFixture fixture;
        fixture.options.max_pages = 500;
        fixture.open();
        auto last = append_until_full(*fixture.log, 1, 1000);
        CHECK(last > 300);
        check_whole(*fixture.log, 1, last);
        fixture.options.max_bytes = 1'500'000;
        fixture.options.sweep_interval = std::chrono::milliseconds{1};
        auto& log = fixture.open();
        REQUIRE(eventually([&] { return log.stats().oldest > 1; }));
        auto const done = append(log, numbered(50'000, 50'001, 1000));
        REQUIRE(done);
        CHECK(done->seqs.front() == last + 1);
    }
}
