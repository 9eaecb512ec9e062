#pragma once

#include "core/result.hpp"
#include "http/message.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace macp::handlers {

/// Which page of a list is asked for.
struct PageQuery {
    std::size_t limit = 100;
    std::optional<std::string> cursor{};  ///< As it came; its list checks it.
};

/// Reads `limit` and `cursor`. Errors: InvalidField for a limit out of range, and for any other parameter.
[[nodiscard]] core::Result<PageQuery> page_query(http::Request const& request);

/// Why a cursor is refused that no page of the list has given.
[[nodiscard]] tl::unexpected<core::Error> foreign_cursor();

}  // namespace macp::handlers
