#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace macp::ingest {

/// Where a directory stands in git.
struct GitPlace {
    std::string repository;  ///< The main repository: the folder that holds `.git`, or a bare repository itself.
    std::string worktree;    ///< The top of the worktree that the directory is in.
};

/// Finds the place of a directory; nothing when it is not here, or in no repository.
using GitLookup = std::function<std::optional<GitPlace>(std::string_view directory)>;

/// Reads `.git` in the directory or above it, without git itself. Linked worktrees lead to their main repository;
/// a submodule is a repository of its own. Blocks on the file system. Threads: safe from anywhere.
[[nodiscard]] std::optional<GitPlace> find_git_place(std::string_view directory);

}  // namespace macp::ingest
