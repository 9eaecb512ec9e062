#pragma once

#include "core/result.hpp"

#include <sys/types.h>

#include <filesystem>
#include <string_view>

namespace macp::io {

/// Replaces the file at `path` so that a crash at any moment leaves the old text or the new, whole: temporary file,
/// fsync, rename, fsync of the folder. Makes the folder when it is missing. The file gets the rights of `mode` as far
/// as the umask allows: by default those of any file that a shell makes. Errors: StorageFull, Unavailable.
[[nodiscard]] core::Result<void> write_atomically(
    std::filesystem::path const& path, std::string_view text, ::mode_t mode = 0644
);

}  // namespace macp::io
