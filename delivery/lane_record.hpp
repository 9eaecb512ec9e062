#pragma once

#include "core/result.hpp"
#include "delivery/breaker.hpp"
#include "delivery/docket.hpp"
#include "delivery/target_status.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace macp::delivery {

/// Something to be delivered before a lane goes on where it was.
struct Errand {
    enum class Kind { Replay, Redelivery };
    Kind kind = Kind::Replay;
    core::Seq until = 0;
    std::vector<std::string> types{};  ///< Of a replay: globs; empty: what the target wants.
    std::vector<core::Seq> chosen{};   ///< Of a redelivery: these, sorted; empty: all up to `until`.
    Progress progress{};

    bool operator==(Errand const&) const = default;
};

/// Everything about a lane that survives a restart: the value of its cursor in the log, saved in one piece.
struct LaneRecord {
    Progress progress{};
    core::Seq start = 0;  ///< The target was made here: what lies before is none of its business.
    std::optional<core::Time> paused{};
    std::optional<Disabled> disabled{};
    std::optional<core::Time> failing_since{};  ///< Of the first try that failed since the last one that did not.
    bool announced = false;                     ///< That it fails was said in the log.
    Breaker::Saved breaker{};
    std::optional<core::Time> hold_until{};  ///< The target asked us to wait.
    std::optional<core::Gap> missed{};
    std::uint64_t dead_letters = 0;
    std::uint64_t history_slot = 0;
    std::vector<Errand> errands{};  ///< The first runs, the others wait.

    /// What retention must leave alone: everything after this.
    [[nodiscard]] core::Seq holds() const;
};

[[nodiscard]] std::string cursor_name(std::string_view target);

/// JSON on one line, with what is not as in a new record.
[[nodiscard]] std::string to_text(LaneRecord const& record);
/// Errors: Corrupt.
[[nodiscard]] core::Result<LaneRecord> parse_lane_record(std::string_view text);

}  // namespace macp::delivery
