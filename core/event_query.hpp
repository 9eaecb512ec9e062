#pragma once

#include "core/filter.hpp"
#include "core/position.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace macp::core {

/// Which events, from where: what REST, SSE and WebSocket take as query parameters.
struct EventQuery {
    Filter filter{};
    std::variant<std::monostate, Position, Time> since{};  ///< Nothing: the door's own default.
    std::variant<std::monostate, Position, Time> until{};  ///< Inclusive.
    std::optional<std::size_t> limit{};
};

inline constexpr std::size_t max_page_events = 1000;

/// Reads `type`, `source`, `subject` (globs, repeatable), `since`, `until` (a position or a time), `limit` (1–1000) and
/// fields of `data` (`data.<name>`, or any name that is not in `own_parameters`, which the caller reads itself).
/// Errors: InvalidField with the parameter's name, also when one that has a single value is given twice, or there are
/// too many patterns, or too long ones.
[[nodiscard]] Result<EventQuery> parse_event_query(
    std::span<std::pair<std::string, std::string> const> parameters, std::span<std::string_view const> own_parameters
);

}  // namespace macp::core
