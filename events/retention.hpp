#pragma once

#include "core/result.hpp"
#include "core/time.hpp"
#include "events/event_log.hpp"
#include "events/names.hpp"
#include "events/row_table.hpp"
#include "io/sqlite.hpp"

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace macp::events {

/// A named cursor that held the log, and what was taken from before it all the same.
struct Overrun {
    std::string cursor{};
    core::Gap missed{};
};

/// Drops what is too old or too much, a few rows at a time, oldest first. The newest event always stays: the next
/// position follows from it.
///
/// Age counts from when an event was appended (to about a minute), whatever time its producer gave it.
/// Age waits for every cursor that holds the log; bytes do not. Rows do not count: they have bounds of their own.
/// The names that no event has any more go with the last event that had them. Threads: the log's only.
class Retention {
public:
    struct Bounds {
        std::chrono::microseconds max_age{0};  ///< 0: any age.
        std::uint64_t max_bytes = 0;           ///< Of live pages, less what rows take; 0: any number.
    };
    struct Step {
        bool more = false;  ///< There is more to drop: come again soon.
        std::vector<Overrun> overruns{};
    };

    /// Errors: those of the database.
    [[nodiscard]] static core::Result<Retention> open(
        io::Database& database, RowTable& rows, Names& sources, Names& types, Bounds bounds
    );

    /// One bounded step, in transactions of its own. `last`: the newest position.
    /// Errors: those of the database; nothing has happened then.
    [[nodiscard]] core::Result<Step> step(core::Time now, core::Seq last);

    [[nodiscard]] core::Seq oldest() const noexcept { return oldest_; }  ///< 0: there was never an event.
    /// The first event has come.
    void begin_at(core::Seq oldest) noexcept { oldest_ = oldest; }
    /// Bytes of the pages in use.
    [[nodiscard]] core::Result<std::uint64_t> live_bytes() const;

private:
    struct Mark {
        core::Seq seq = 0;  ///< Everything before this was in the log at `time`.
        core::Time time{};
    };

    /// The names of a table that lost events, and may have none left.
    struct Orphans {
        Names* names;
        std::string drop_sql;  ///< Of the one with number ?1, unless an event has it.
        std::set<Names::Id> ids{};
    };

    Retention(io::Database& database, RowTable& rows, Names& sources, Names& types, Bounds bounds);

    core::Result<Step> run_step(core::Time now, core::Seq last);
    core::Result<void> mark(core::Time now, core::Seq last);
    core::Result<core::Seq> too_old(core::Time now);
    [[nodiscard]] core::Seq too_much(std::uint64_t bytes, core::Seq last) const;
    core::Result<std::vector<Overrun>> overrun_by(core::Seq upto);
    core::Result<void> drop_events(core::Seq upto);
    void drop_names(Orphans& orphans);
    core::Result<std::vector<Names::Id>> drop_orphans(Orphans const& orphans);

    io::Database* database_;
    RowTable* rows_;
    Bounds bounds_;
    core::Seq oldest_ = 0;
    Mark mark_;
    Orphans sources_;
    Orphans types_;
};

}  // namespace macp::events
