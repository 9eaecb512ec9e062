#pragma once

#include "core/result.hpp"
#include "delivery/target_status.hpp"
#include "events/event_log.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace macp::delivery {

/// The tries of one target, kept for a week within a bound: a ring of `slots` rows in space `attempts:<target>`, each
/// with all tries that fit, one a line. Cheap: a save rewrites the newest row and adds others only when that is full.
///
/// Threads: one loop's; the functions below block on the disk.
class AttemptHistory {
public:
    static constexpr std::size_t slots = 512;
    static constexpr std::size_t slot_bytes = std::size_t{8} << 10;  ///< A row may end with one line above it.
    static constexpr std::chrono::hours keep{24 * 7};
    static constexpr std::size_t most_unsaved = 20'000;  ///< Of more the oldest are forgotten.

    /// `slot`: the last one that was written before, counted from 1; 0: none.
    AttemptHistory(std::string_view target, std::uint64_t slot);

    void add(AttemptRecord record);
    /// Appends the rows with all that is new. Answers the slot to remember with them.
    [[nodiscard]] std::uint64_t write(std::vector<events::Row>& rows, core::Time now);
    /// The rows of the last `write` are on disk. Without it the next `write` makes them again.
    void written();
    [[nodiscard]] std::optional<AttemptRecord> const& last() const noexcept { return last_; }

private:
    struct Slot {
        std::uint64_t number = 0;
        std::string text{};         ///< Empty: nothing yet.
        std::string last_answer{};  ///< Of the last line: equal ones are not written again.
    };
    void append(Slot& slot, AttemptRecord const& record) const;
    [[nodiscard]] events::Row row_of(Slot const& slot, core::Time now) const;

    std::string space_;
    Slot slot_;   ///< As it is on disk.
    Slot draft_;  ///< As the last `write` made it.
    std::vector<AttemptRecord> unsaved_;
    std::size_t drafted_ = 0;  ///< How many of them the draft has.
    std::optional<AttemptRecord> last_;
};

[[nodiscard]] std::string attempts_space(std::string_view target);

/// Tries, newest first, from a place on; the place of the newest is the slot that `write` answered. Errors: those of
/// the log.
[[nodiscard]] core::Result<AttemptPage> read_attempts(
    events::EventLog& log, std::string_view target, AttemptPlace from, std::size_t limit
);
/// The tries of one event that are still there, oldest first. Errors: those of the log.
[[nodiscard]] core::Result<std::vector<AttemptRecord>> read_attempts_of(
    events::EventLog& log, std::string_view target, core::Seq seq
);

}  // namespace macp::delivery
