#pragma once

#include "core/result.hpp"
#include "io/file_place.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace macp::ingest {

/// The places of followed files, kept in a JSON file of their own by a follower that has no log.
/// Threads: one at a time; processes take turns (`PlaceLocks`).
class FileCursor {
public:
    using Places = std::map<std::string, io::FilePlace>;  ///< By the file's name.

    explicit FileCursor(std::filesystem::path path) : path_{std::move(path)} {}

    /// Empty when there is no such file yet. Errors: Corrupt (not one of ours), Unavailable.
    [[nodiscard]] core::Result<Places> load() const;
    /// A crash leaves the old places or the new. Errors: StorageFull, Unavailable.
    [[nodiscard]] core::Result<void> save(Places const& places) const;

    [[nodiscard]] std::filesystem::path const& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace macp::ingest
