#include "log_fixture.hpp"

#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <unistd.h>

using namespace macp;
using testing::LogFixture;

namespace {

std::mutex mutex;
std::vector<std::string> synced;  ///< What has been synced in this process.

bool was_synced(std::filesystem::path const& path) {
    std::scoped_lock const lock{mutex};
    return std::ranges::find(synced, path.string()) != synced.end();
}

}  // namespace

/// In place of the C library's: notes what it is called for.
extern "C" int fsync(int file) {
    std::array<char, 4096> name{};
    auto const link = "/proc/self/fd/" + std::to_string(file);
    if (::readlink(link.c_str(), name.data(), name.size() - 1) > 0) {
        std::scoped_lock const lock{mutex};
        synced.emplace_back(name.data());
    }
    return static_cast<int>(::syscall(SYS_fsync, file));
}

TEST_SUITE("opening the log") {
    TEST_CASE("syncs each folder that got a new name") {
        LogFixture fixture;
        fixture.options.path = fixture.folder / "a" / "b" / "macp.db";
        fixture.open();
        auto const root = std::filesystem::canonical(fixture.folder.path());
        CHECK(was_synced(root));
        CHECK(was_synced(root / "a"));
        CHECK(was_synced(root / "a" / "b"));
    }
}
