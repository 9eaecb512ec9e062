#pragma once

#include "core/event_query.hpp"
#include "events/event_log.hpp"

#include <string>

namespace macp::handlers {

/// The part of the log that a query asks for, with its positions resolved.
struct Range {
    core::Filter filter{};
    core::Seq after = 0;
    std::optional<core::Seq> until{};
    std::size_t limit = 100;
};

/// Resolves positions and times. Blocks on the time index. Errors: Conflict, with a `gap` member, for a position of
/// another log or of the future; those of the log.
[[nodiscard]] core::Result<Range> resolve_range(
    events::EventLog& log, core::EventQuery query, core::Position otherwise
);

/// `{"items":[…],"next_cursor":…,"position":…}` for the first page of `range`. Blocks. Errors: those of the log.
[[nodiscard]] core::Result<std::string> read_page(events::EventLog& log, Range const& range);

/// A piece of an answer in lines; empty text says nothing of its end.
struct Lines {
    std::string text{};
    bool end = false;
};

/// The next page of `range` as lines, moving it on; what retention took comes first, as `{"gap":{…}}`. Blocks.
/// Errors: those of the log.
[[nodiscard]] core::Result<Lines> read_lines(events::EventLog& log, Range& range);

}  // namespace macp::handlers
