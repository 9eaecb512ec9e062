#pragma once

#include "core/result.hpp"
#include "delivery/held.hpp"
#include "delivery/target_status.hpp"
#include "events/event_log.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace macp::delivery {

/// Where the dead letters of a target are kept: rows of this space, by `seq_key`.
[[nodiscard]] std::string dead_letter_space(std::string_view target);
/// Sorts as the number does.
[[nodiscard]] std::string seq_key(core::Seq seq);

/// The row of a letter; the event's own bytes are in it, for the log may drop them.
[[nodiscard]] events::Row dead_letter_row(
    std::string_view target, DeadLetter const& letter, core::EventView const& event
);
[[nodiscard]] events::Row erased_dead_letter(std::string_view target, core::Seq seq);

/// Errors: Corrupt.
[[nodiscard]] core::Result<DeadLetter> read_dead_letter(std::string_view row);
/// Its event, ready to be sent. Errors: Corrupt.
[[nodiscard]] core::Result<Held> dead_letter_event(std::string_view row);

/// At most `limit`, and fewer when they are large; none only when there are no more. Blocks on the disk.
/// Errors: those of the log.
[[nodiscard]] core::Result<std::vector<DeadLetter>> read_dead_letters(
    events::EventLog& log, std::string_view target, core::Seq after, std::size_t limit
);

}  // namespace macp::delivery
