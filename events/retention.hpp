#pragma once

#include "core/result.hpp"
#include "core/time.hpp"
#include "events/event_log.hpp"
#include "io/sqlite.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
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
/// Age waits for every cursor that holds the log; bytes do not. Threads: the log's only.
class Retention {
public:
    struct Bounds {
        std::chrono::microseconds max_age{0};  ///< 0: any age.
        std::uint64_t max_bytes = 0;           ///< Of live pages; 0: any number.
    };
    struct Step {
        bool more = false;  ///< There is more to drop: come again soon.
        std::vector<Overrun> overruns{};
    };

    /// Errors: those of the database.
    [[nodiscard]] static core::Result<Retention> open(io::Database& database, Bounds bounds);

    /// One bounded step, as a transaction of its own. `last`: the newest position.
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

    explicit Retention(io::Database& database, Bounds bounds) : database_{&database}, bounds_{bounds} {}

    core::Result<Step> run_step(core::Time now, core::Seq last);
    core::Result<Mark> mark(core::Time now, core::Seq last);
    core::Result<core::Seq> too_old(core::Time now);
    [[nodiscard]] core::Seq too_much(std::uint64_t bytes, core::Seq last) const;
    core::Result<std::vector<Overrun>> overrun_by(core::Seq upto);

    io::Database* database_;
    Bounds bounds_;
    core::Seq oldest_ = 0;
    Mark mark_;
};

}  // namespace macp::events
