#pragma once

#include "async/task_group.hpp"
#include "async/timer.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "delivery/attempt_history.hpp"
#include "delivery/lane_record.hpp"
#include "delivery/turn.hpp"
#include "events/event_log.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace macp::delivery {

/// What one lane has to have saved: its record, and what came with it (dead letters, history, events about it), always
/// in one commit. At most one is in flight; what comes meanwhile goes into the next. A commit that the log refuses is
/// tried again with all that has come since; until then the lane is in trouble.
///
/// Lifetime: `stop` has completed, or the loop has stopped for good, before it goes. Threads: one loop's.
class Ledger {
public:
    using Edit = std::function<void(LaneRecord&)>;
    using MaybeOnce = std::optional<events::Commit::Once>;
    using Answer = core::Result<events::CommitResult>;
    struct Hooks {
        std::function<void(LaneRecord&)> complete{};  ///< Fills in what the lane knows better: progress, breaker.
        std::function<void()> saved{};                ///< After each commit, good or bad.
    };
    struct Pace {
        std::chrono::milliseconds urgent{50};  ///< Least time between two saves of results.
        std::chrono::milliseconds lazy{1000};  ///< And of events that were only passed over.
    };
    static constexpr std::size_t most_unsaved = 20'000;

    Ledger(
        events::EventLog& log, core::Clock const& clock, async::Executor executor, std::string target,
        LaneRecord record, Pace pace, Hooks hooks
    );

    /// The record as it was last changed here; the lane may change what is its own.
    [[nodiscard]] LaneRecord& record() noexcept { return record_; }
    [[nodiscard]] LaneRecord const& record() const noexcept { return record_; }
    [[nodiscard]] AttemptHistory& history() noexcept { return history_; }
    [[nodiscard]] AttemptHistory const& history() const noexcept { return history_; }

    void add(events::Row row) { rows_.push_back(std::move(row)); }
    void tell(core::NewEvent event) { events_.push_back(std::move(event)); }
    void count_unsaved(std::size_t events) { unsaved_ += events; }
    /// Something has changed: it is saved soon, or when there is time.
    void touch(bool urgent);

    /// Nothing more may be settled before what there is has been saved.
    [[nodiscard]] bool full() const noexcept { return trouble_ || unsaved_ >= most_unsaved; }
    [[nodiscard]] bool trouble() const noexcept { return trouble_; }
    /// Nothing is waiting to be saved.
    [[nodiscard]] bool clean() const noexcept { return !dirty_ && !turn_.taken(); }

    /// Saves now, with `edit`, `once` and `rows` in the same commit. When `once` was taken, or it fails, `edit` has not
    /// happened.
    [[nodiscard]] async::Task<Answer> commit(Edit edit, MaybeOnce once, std::vector<events::Row> rows);
    /// Erases the cursor, with `once` and `rows` in the same commit, and saves nothing ever after.
    [[nodiscard]] async::Task<Answer> retire(MaybeOnce once, std::vector<events::Row> rows);
    /// Ends the saving in the background.
    [[nodiscard]] async::Task<> stop();

private:
    async::Task<> save_in_background();
    [[nodiscard]] std::chrono::steady_clock::duration next_save_in() const;
    [[nodiscard]] events::Commit build(Edit const& edit, std::vector<events::Row> rows);
    void committed(Edit const& edit, std::size_t rows, std::size_t events);

    events::EventLog& log_;
    core::Clock const& clock_;
    std::string target_;
    LaneRecord record_;
    Pace pace_;
    Hooks hooks_;
    AttemptHistory history_;
    std::uint64_t drafted_slot_ = 0;
    std::vector<events::Row> rows_;
    std::vector<core::NewEvent> events_;
    std::size_t unsaved_ = 0;
    async::Timer timer_;
    Turn turn_;
    std::chrono::steady_clock::time_point saved_at_{};
    bool dirty_ = false;
    bool urgent_ = false;
    bool saving_ = false;
    bool trouble_ = false;
    bool stopped_ = false;
    bool retired_ = false;
    async::TaskGroup tasks_;
};

}  // namespace macp::delivery
