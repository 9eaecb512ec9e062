#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace macp::core {

using Seq = std::uint64_t;  ///< Position in the log; the first event has 1, and there is no gap within an epoch.

/// Where to read from: a place in the log that every door understands (REST, SSE, WebSocket, webhook replay).
struct Position {
    enum class Kind { Start, Now, At };
    Kind kind = Kind::Start;
    std::string epoch{};  ///< Names the log that `seq` belongs to; empty: this one.
    Seq seq = 0;          ///< The last event already seen (kind At).

    bool operator==(Position const&) const = default;
};

/// Reads `start`, `now`, `<seq>` or `<epoch>:<seq>`. Errors: InvalidField (without a field; the caller names it).
[[nodiscard]] Result<Position> parse_position(std::string_view text);

/// `epoch:seq`.
[[nodiscard]] std::string format_position(std::string_view epoch, Seq seq);

/// A run of events that a reader will not get, and why: `retention` or `epoch`.
struct Gap {
    Seq from = 0;  ///< First missing.
    Seq to = 0;    ///< Last missing.
    std::string why{};

    bool operator==(Gap const&) const = default;
};

/// `{"from":1,"to":41,"why":"retention"}` without the braces, for embedding.
void append_gap_members(std::string& out, Gap const& gap);

}  // namespace macp::core
