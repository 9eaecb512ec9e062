#include "events/log_folder.hpp"

#include "io/file_problem.hpp"
#include "io/folder.hpp"

#include <spdlog/spdlog.h>
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

std::string read_holder(int file) {
    std::array<char, 32> text{};
    auto const size = ::pread(file, text.data(), text.size(), 0);
    std::string holder{text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
    holder.erase(std::ranges::find_if(holder, [](char c) { return c < '0' || c > '9'; }), holder.end());
    return holder.empty() ? "another process" : "process " + holder;
}

}  // namespace

core::Result<void> make_database_file(std::filesystem::path const& database) {
    auto const folder = database.parent_path();
    if (auto const error = io::make_folders(folder, 0700); error != 0)
        return io::file_problem("cannot make the folder", folder, error);
    bool const missing = ::access(database.c_str(), F_OK) != 0;
    io::Descriptor const file{::open(database.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (file.number() < 0) return io::file_problem("cannot open the event log", database, errno);
    auto const error = missing ? io::sync_folder(folder) : 0;
    if (error != 0) return io::file_problem("cannot write to the folder", folder, error);
    return {};
}

core::Result<LogLock> LogLock::take(std::filesystem::path const& database) {
    auto const path = beside(database, ".lock");
    io::Descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (file.number() < 0) return io::file_problem("cannot open", path, errno);
    if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return io::file_problem("cannot lock", path, errno);
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
    if (file_.number() < 0) do_without(errno);
    // A small disk is not to be eaten up by its reserve.
    struct ::statvfs disk{};
    if (::statvfs(path_.parent_path().c_str(), &disk) == 0) {
        bytes_ = std::min<std::uint64_t>(bytes_, std::uint64_t{disk.f_blocks} * disk.f_frsize / 8);
    }
}

bool Reserve::take() {
    if (held_ || bytes_ == 0 || !possible_) return true;
    int error = EINTR;
    while (error == EINTR) error = ::posix_fallocate(file_.number(), 0, static_cast<off_t>(bytes_));
    held_ = error == 0;
    if (held_) return true;
    release();
    if (error == ENOSPC || error == EDQUOT) return false;
    do_without(error);
    return true;
}

/// That nothing can be set aside is no reason to refuse work.
void Reserve::do_without(int error) {
    possible_ = false;
    spdlog::warn(
        "no space is set aside for when the disk of the event log is full: {}: {}", path_.string(),
        std::generic_category().message(error)
    );
}

void Reserve::release() noexcept {
    held_ = false;
    [[maybe_unused]] auto const ignored = ::ftruncate(file_.number(), 0);
}

}  // namespace macp::events
