#include "events/log_folder.hpp"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <unistd.h>

namespace macp::events {
namespace {

std::filesystem::path beside(std::filesystem::path path, char const* suffix) {
    path += suffix;
    return path;
}

tl::unexpected<core::Error> refuse(std::string const& what, std::filesystem::path const& path, int error) {
    auto const code = error == ENOSPC || error == EDQUOT ? core::ErrorCode::StorageFull : core::ErrorCode::Unavailable;
    return core::fail(code, what + " " + path.string() + ": " + std::generic_category().message(error));
}

/// Makes one missing folder after the other, from the top, for the owner alone.
int make_folders(std::filesystem::path const& folder) {
    if (folder.empty() || ::access(folder.c_str(), F_OK) == 0) return 0;
    if (auto const error = make_folders(folder.parent_path()); error != 0) return error;
    return ::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST ? 0 : errno;
}

std::string read_holder(int file) {
    std::array<char, 32> text{};
    auto const size = ::pread(file, text.data(), text.size(), 0);
    std::string holder{text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
    holder.erase(std::ranges::find_if(holder, [](char c) { return c < '0' || c > '9'; }), holder.end());
    return holder.empty() ? "another process" : "process " + holder;
}

}  // namespace

Descriptor::~Descriptor() {
    if (number_ >= 0) ::close(number_);
}

core::Result<void> make_database_file(std::filesystem::path const& database) {
    auto const folder = database.parent_path();
    if (auto const error = make_folders(folder); error != 0) return refuse("cannot make the folder", folder, error);
    Descriptor const file{::open(database.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (file.number() < 0) return refuse("cannot open the event log", database, errno);
    return {};
}

core::Result<LogLock> LogLock::take(std::filesystem::path const& database) {
    auto const path = beside(database, ".lock");
    Descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (file.number() < 0) return refuse("cannot open", path, errno);
    if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return refuse("cannot lock", path, errno);
        return core::fail(
            core::ErrorCode::Conflict, "the event log " + database.string() + " is in use by " +
                                           read_holder(file.number()) + ": stop it, or give this one another log.path"
        );
    }
    // Only for the message above: a full disk may keep it out.
    auto const holder = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file.number(), 0) == 0) {
        [[maybe_unused]] auto const written = ::pwrite(file.number(), holder.data(), holder.size(), 0);
    }
    return LogLock{std::move(file)};
}

Reserve::Reserve(std::filesystem::path const& database, std::uint64_t bytes)
    : path_{beside(database, ".reserve")},
      bytes_{bytes},
      file_{::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)} {
    // A small disk is not to be eaten up by its reserve.
    struct ::statvfs disk{};
    if (::statvfs(path_.parent_path().c_str(), &disk) == 0) {
        bytes_ = std::min<std::uint64_t>(bytes_, std::uint64_t{disk.f_blocks} * disk.f_frsize / 8);
    }
}

bool Reserve::take() {
    if (held_ || bytes_ == 0) return true;
    // Without the file there is nothing to set aside; that alone is no reason to refuse work.
    if (file_.number() < 0) return true;
    held_ = ::posix_fallocate(file_.number(), 0, static_cast<off_t>(bytes_)) == 0;
    if (!held_) release();
    return held_;
}

void Reserve::release() noexcept {
    held_ = false;
    [[maybe_unused]] auto const ignored = ::ftruncate(file_.number(), 0);
}

}  // namespace macp::events
