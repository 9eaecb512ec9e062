#include "ingest/place_locks.hpp"

#include "io/file_place.hpp"
#include "io/file_problem.hpp"
#include "io/folder.hpp"

#include <cerrno>
#include <fcntl.h>
#include <utility>

namespace macp::ingest {
namespace {

constexpr ::off_t turn_byte = 0;

/// A lock of the open file, not of the process: two followers in one process are two as well.
int lock_byte(int file, int command, short type, ::off_t at) {
    struct ::flock wanted{};
    wanted.l_type = type;
    wanted.l_whence = SEEK_SET;
    wanted.l_start = at;
    wanted.l_len = 1;
    int error = EINTR;
    while (error == EINTR) error = ::fcntl(file, command, &wanted) == 0 ? 0 : errno;
    return error;
}

::off_t byte_of(std::string const& name) {
    return static_cast<::off_t>((io::digest_of(name) >> 2U) + 1);  // a positive number, and never that of the turn
}

}  // namespace

PlaceLocks::Turn::~Turn() {
    [[maybe_unused]] auto const ignored = lock_byte(file_, F_OFD_SETLK, F_UNLCK, turn_byte);
}

core::Result<void> PlaceLocks::open() {
    if (file_.number() >= 0) return {};
    auto error = io::make_folders(path_.parent_path(), 0777);
    if (error == 0) {
        file_ = io::Descriptor{::open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
        error = file_.number() < 0 ? errno : 0;
    }
    if (error != 0) return io::file_problem("cannot open", path_, error);
    return {};
}

core::Result<bool> PlaceLocks::take(std::string const& name) {
    if (has(name)) return true;
    if (auto const opened = open(); !opened) return core::pass_on(opened);
    auto const error = lock_byte(file_.number(), F_OFD_SETLK, F_WRLCK, byte_of(name));
    if (error == EAGAIN || error == EACCES) return false;
    // Where the file system has no locks, each keeps its place as if it were alone.
    bool const without = error == ENOLCK || error == EINVAL || error == EOPNOTSUPP;
    if (error != 0 && !without) return io::file_problem("cannot lock", path_, error);
    names_.insert(name);
    return true;
}

PlaceLocks::Turn PlaceLocks::turn() const {
    [[maybe_unused]] auto const ignored = lock_byte(file_.number(), F_OFD_SETLKW, F_WRLCK, turn_byte);
    return Turn{file_.number()};
}

}  // namespace macp::ingest
