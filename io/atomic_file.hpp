#pragma once

#include "core/result.hpp"

#include <filesystem>
#include <string_view>

namespace macp::io {

/// Replaces the file at `path` so that a crash at any moment leaves the old text or the new, whole: temporary file,
/// fsync, rename, fsync of the folder. Makes the folder when it is missing. Errors: StorageFull, Unavailable.
[[nodiscard]] core::Result<void> write_atomically(std::filesystem::path const& path, std::string_view text);

}  // namespace macp::io
