#include "io/folder.hpp"

#include "io/descriptor.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace macp::io {

int make_folders(std::filesystem::path const& folder, ::mode_t mode) {
    if (folder.empty() || ::access(folder.c_str(), F_OK) == 0) return 0;
    if (auto const error = make_folders(folder.parent_path(), mode); error != 0) return error;
    if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) return errno;
    return sync_folder(folder.parent_path());
}

int sync_folder(std::filesystem::path const& folder) {
    Descriptor const opened{::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (opened.number() < 0) return 0;  // one may write to it and not read it
    return ::fsync(opened.number()) == 0 || errno == EINVAL ? 0 : errno;
}

}  // namespace macp::io
