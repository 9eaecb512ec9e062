#pragma once

#include <sys/types.h>

#include <filesystem>

namespace macp::io {

/// Makes one missing folder after the other, from the top, with the rights of `mode` as far as the umask allows, each
/// so that it outlives a power cut. Returns errno, 0 when all is well.
[[nodiscard]] int make_folders(std::filesystem::path const& folder, ::mode_t mode);

/// Sees to it that a new name in `folder` outlives a power cut, as far as its file system can. Returns likewise.
[[nodiscard]] int sync_folder(std::filesystem::path const& folder);

}  // namespace macp::io
