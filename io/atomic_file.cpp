#include "io/atomic_file.hpp"

#include "io/file_problem.hpp"
#include "io/folder.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace macp::io {
namespace {

/// Writes all of `text` and syncs it. Returns errno, 0 when all is well.
int write_and_sync(int fd, std::string_view text) {
    while (!text.empty()) {
        auto const wrote = ::write(fd, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return ::fsync(fd) == 0 ? 0 : errno;
}

}  // namespace

core::Result<void> write_atomically(std::filesystem::path const& path, std::string_view text, ::mode_t mode) {
    auto const folder = path.parent_path();
    if (auto const made = make_folders(folder, 0777); made != 0) return file_problem("cannot write", path, made);

    // One name a process: two that write the same file never mix their halves. A file of that name is a dead process's;
    // it goes, and if another comes in its place (a link somewhere else, in a folder that others may write to), we
    // fail.
    auto const temporary = path.string() + ".tmp." + std::to_string(::getpid());
    ::unlink(temporary.c_str());
    int const fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) return file_problem("cannot write", path, errno);
    int error = write_and_sync(fd, text);
    ::close(fd);
    if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
    if (error != 0) {
        ::unlink(temporary.c_str());
        return file_problem("cannot write", path, error);
    }
    if (auto const synced = sync_folder(folder); synced != 0) return file_problem("cannot write", path, synced);
    return {};
}

}  // namespace macp::io
