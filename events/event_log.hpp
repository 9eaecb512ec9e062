#pragma once

#include "async/task.hpp"
#include "core/event.hpp"
#include "core/filter.hpp"
#include "core/result.hpp"
#include "events/tail.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace macp::events {

/// A small document beside the log (reject, idempotency answer, attempt, checkpoint), named by space and key.
struct Row {
    std::string space{};
    std::string key{};
    std::optional<std::string> value{};   ///< Nothing: the row is erased.
    std::optional<core::Time> expires{};  ///< When it may be dropped; nothing: never.
};

/// Bounds the rows of a space: beyond it the first by key are dropped. The last one stays whatever it takes.
struct Trim {
    std::string space{};
    std::uint64_t rows = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t bytes = std::numeric_limits<std::uint64_t>::max();  ///< On disk, roughly.
};

/// The new place of a named durable cursor. Its meaning is its owner's; `holds` keeps retention from going past it.
struct CursorMove {
    std::string name{};
    std::string value{};               ///< Opaque to the log (JSON by custom).
    std::optional<core::Seq> holds{};  ///< The reader has done with everything up to here; nothing: holds no events.
    bool erase = false;
};

struct CommitResult {
    std::vector<core::Seq> seqs{};          ///< One an event, in order; a repeat has the position of the first.
    std::size_t repeats = 0;                ///< How many of them were in the log already.
    std::optional<std::string> existing{};  ///< `Commit::once` was taken: its row's value; nothing else was done.
};

/// What happens together or not at all.
struct Commit {
    /// Names a row that must not exist yet. When it does, the commit does nothing and answers its value.
    struct Once {
        std::string space{};
        std::string key{};
        std::chrono::seconds keep{0};  ///< How long the row lives; 0: for ever.
        /// Makes the row's value once the positions are known. Runs on the log's thread: no blocking, no throwing.
        std::function<std::string(CommitResult const&)> value{};
    };

    std::vector<core::NewEvent> events{};
    std::vector<CursorMove> cursors{};
    std::vector<Row> rows{};
    std::vector<Trim> trims{};  ///< Hold when all of `rows` are written.
    std::optional<Once> once{};
};

/// A page of the log.
struct Page {
    Chunk events{};                  ///< Those that pass the filter, oldest first.
    core::Seq scanned = 0;           ///< Read on after this; further than the last event when others were passed over.
    bool end = false;                ///< Nothing newer was wanted, or in the log when the page was read.
    std::optional<core::Gap> gap{};  ///< What retention took between the position asked for and the first event.
};

struct ReadLimits {
    std::size_t events = 1000;
    std::size_t bytes = std::size_t{1} << 20;  ///< Stops after the event that passes it: there is always one.
    std::size_t scan = 100'000;                ///< Events looked at before the page is handed over as it is.
    std::optional<core::Seq> until{};          ///< Last position wanted, inclusive.
};

struct LogStats {
    core::Seq oldest = 0;  ///< 0 when the log has never held an event.
    core::Seq last = 0;
    std::uint64_t bytes = 0;             ///< Live bytes of the store.
    std::uint64_t row_bytes = 0;         ///< Of those, what rows take, roughly.
    std::uint64_t limit_bytes = 0;       ///< For events, by retention; 0: none.
    std::uint64_t commits = 0;           ///< Transactions since the start.
    std::uint64_t appended = 0;          ///< Events since the start.
    std::uint64_t repeats = 0;           ///< Events dropped as repeats since the start.
    std::uint64_t overruns = 0;          ///< Times that retention by bytes went past a cursor that held the log.
    std::uint64_t queue_bytes = 0;       ///< What waits for the writer now.
    std::uint64_t queue_high_bytes = 0;  ///< The most that ever waited.
    std::uint64_t queue_limit_bytes = 0;
    std::optional<core::Error> fault{};       ///< Why the last transaction failed; nothing when it succeeded.
    std::optional<core::Time> last_commit{};  ///< When a transaction last succeeded.
};

/// The log: events, and the durable state that must move with them, in one order, on disk before anyone is told.
///
/// This is the seam between the gateway and its storage engine. Threads: every member may be called from any thread;
/// `read`, `row`, `rows`, `cursor` and `cursors` block on the disk (call them on a WorkerPool).
class EventLog {
public:
    using Done = std::function<void(core::Result<CommitResult>)>;

    virtual ~EventLog() = default;

    /// Names this incarnation of the log; never changes while it lives.
    [[nodiscard]] virtual std::string const& epoch() const = 0;

    /// Queues `commit`; `done` runs on `loop`, or else on the log's thread, once it is durable and published, or has
    /// failed. Errors (through `done`, without a loop on the caller's thread when the queue is full): Overloaded when
    /// the queue is full, StorageFull, Unavailable; InvalidField for an event that `core::check_event` refuses. Failed
    /// means: nothing of it happened.
    virtual void commit(Commit commit, Done done, std::optional<async::Executor> loop) = 0;
    void commit(Commit work, Done done) { commit(std::move(work), std::move(done), std::nullopt); }

    /// The events after `after` that pass `filter`. Errors: Unavailable, Corrupt.
    [[nodiscard]] virtual core::Result<Page> read(
        core::Seq after, core::Filter const& filter, ReadLimits const& limits
    ) = 0;

    /// The position just before the first event, in the log's order, whose time is not before `time`; the newest
    /// position when there is none. Of events that came out of their time's order it looks at the 10,000 next after
    /// `time`: an older position with a time far after it may be passed over.
    [[nodiscard]] virtual core::Result<core::Seq> before_time(core::Time time) = 0;

    [[nodiscard]] virtual core::Result<std::optional<std::string>> row(
        std::string_view space, std::string_view key
    ) = 0;
    /// Rows of `space` with keys after `after`, in key order, at most `limit`; stops after the one with which the
    /// values come to `max_bytes`.
    [[nodiscard]] virtual core::Result<std::vector<Row>> rows(
        std::string_view space, std::string_view after, std::size_t limit, std::size_t max_bytes
    ) = 0;
    /// The same, for rows that are small.
    [[nodiscard]] core::Result<std::vector<Row>> rows(
        std::string_view space, std::string_view after, std::size_t limit
    ) {
        return rows(space, after, limit, std::numeric_limits<std::size_t>::max());
    }
    /// The value of a named cursor.
    [[nodiscard]] virtual core::Result<std::optional<std::string>> cursor(std::string_view name) = 0;
    /// All cursors whose name begins with `prefix`.
    [[nodiscard]] virtual core::Result<std::vector<CursorMove>> cursors(std::string_view prefix) = 0;

    /// The newest events, shared and serialised. Lives as long as the log.
    [[nodiscard]] virtual Tail& tail() = 0;
    [[nodiscard]] virtual LogStats stats() const = 0;

    /// Queues `commit` and completes on the awaiting loop once it is durable. Errors: those of `commit` above.
    /// Cancellation: not honoured; the commit happens. Lifetime: the loop must outlive the log.
    [[nodiscard]] async::Task<core::Result<CommitResult>> commit(Commit commit);

    /// Blocks until the commit is durable. Not for a loop's thread.
    [[nodiscard]] core::Result<CommitResult> commit_and_wait(Commit commit);
};

/// Where a reader starts, once a position has been held against the log.
struct Start {
    core::Seq after = 0;
    std::optional<core::Gap> gap{};  ///< `epoch` when the position belongs to another log, or to its future.
};

/// Resolves a position: `start` is before the oldest event, `now` after the newest; a foreign or future one is told by
/// a gap and starts over (the gap runs from 1 to just before the oldest event: `to` is 0 when this log has them all).
/// Threads: safe from anywhere; does not block.
[[nodiscard]] Start resolve(EventLog& log, core::Position const& position);

}  // namespace macp::events
