#pragma once

#include "core/result.hpp"

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

namespace macp::io {

/// StorageFull when the disk or the quota is full, else Unavailable: `what` went wrong with `path`, and why.
[[nodiscard]] inline tl::unexpected<core::Error> file_problem(
    std::string const& what, std::filesystem::path const& path, int error
) {
    auto const code = error == ENOSPC || error == EDQUOT ? core::ErrorCode::StorageFull : core::ErrorCode::Unavailable;
    return core::fail(code, what + " " + path.string() + ": " + std::generic_category().message(error));
}

}  // namespace macp::io
