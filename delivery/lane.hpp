#pragma once

#include "async/task_group.hpp"
#include "async/worker_pool.hpp"
#include "core/time.hpp"
#include "delivery/gate.hpp"
#include "delivery/lane_policy.hpp"
#include "delivery/lane_record.hpp"
#include "delivery/ledger.hpp"
#include "delivery/notices.hpp"
#include "delivery/retry.hpp"
#include "delivery/sink.hpp"
#include "delivery/stream.hpp"
#include "delivery/target_status.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace macp::delivery {

struct LaneServices {
    events::EventLog& log;
    async::WorkerPool& readers;
    core::Clock const& clock;
    async::Executor executor;
    Random random{random_fraction};
    Ledger::Pace pace{};
};

/// Numbers of one lane. Threads: written by its loop, read from anywhere.
struct LaneCounters {
    std::atomic<std::uint64_t> delivered{0};  ///< Events; the next two count parcels.
    std::atomic<std::uint64_t> attempts{0};
    std::atomic<std::uint64_t> failed_attempts{0};
    std::atomic<std::uint64_t> dead_letters{0};
    std::atomic<std::uint64_t> in_flight{0};
    std::atomic<core::Seq> done{0};
    std::atomic<TargetState> state{TargetState::Healthy};
    std::atomic<BreakerState> breaker{BreakerState::Closed};
};

/// Takes one target through the log: what its selection wants goes out through the sink, at least once, in the order
/// that its policy asks for, and the cursor `delivery:<id>` is saved after the answer, never before.
///
/// **When a try fails.** `Retry`: the event is tried again after the policy's back-off (or later, when the target asked
/// for it: then the whole lane waits); nothing that must come after it overtakes it. It becomes a dead letter after
/// `retry.count` retries or at `max_age`, and the lane goes on. A row of failures opens the breaker (`Breaker`): from
/// then on single probes go out. A probe that says nothing of the event (`Attempt::unavailable`: nobody there, 429,
/// 502, 503, 504) does not count towards `retry.count`. So an outage of any length costs an event at most the
/// `Breaker::failures_to_open` tries before the breaker opened: with a count of 5 or more, as by default, nothing dies
/// of it, and with less only what had used up its count by then. Only `max_age` (by default none) and `disable_after`
/// end an outage. A live target that fails one event (500) uses up the count, by probes too, and loses that one only.
/// `Refused`: a dead letter at once; a parcel of several is first taken apart. `Gone`: the target is disabled at once;
/// so it is when `most_dead_letters` lie there.
///
/// **Saved in one commit** (`Ledger`): cursor, open events with their tries, breaker, dead letters, history, and what
/// the log is told. A log that refuses a save stops the lane until it takes one. Paused and disabled lanes keep their
/// place, and so the log, up to its bound.
///
/// Lifetime: the services outlive it; `stop` has completed, or the loop has stopped for good, before it goes.
/// Threads: its loop's only, `counters` apart.
class Lane {
public:
    using Answer = core::Result<events::CommitResult>;
    using MaybeOnce = Ledger::MaybeOnce;
    static constexpr std::uint64_t most_dead_letters = 10'000;

    Lane(LaneServices services, Notices notices, LanePolicy policy, std::unique_ptr<Sink> sink, LaneRecord record);
    Lane(Lane const&) = delete;
    Lane& operator=(Lane const&) = delete;
    ~Lane();

    /// Begins where the record says.
    void start();
    /// Starts nothing new, gives what is in flight `grace`, and saves. Nothing happens afterwards.
    [[nodiscard]] async::Task<> stop(std::chrono::steady_clock::duration grace);
    /// The log has grown, or the clock was moved.
    void wake();

    /// These are durable when they complete. Errors: those of the log; Unavailable once it stops; as said.
    [[nodiscard]] async::Task<Answer> pause(MaybeOnce once);
    [[nodiscard]] async::Task<Answer> resume(MaybeOnce once);              ///< Conflict: disabled by its policy.
    [[nodiscard]] async::Task<Answer> run(Errand errand, MaybeOnce once);  ///< Conflict: too many wait.
    /// Conflict: a redelivery is under way.
    [[nodiscard]] async::Task<Answer> discard(std::vector<core::Seq> letters, MaybeOnce once);
    /// Forgets its cursor, with `rows` in the same commit; `stop` follows.
    [[nodiscard]] async::Task<Answer> retire(std::vector<events::Row> rows, MaybeOnce once);
    [[nodiscard]] async::Task<Answer> flush();  ///< What is new can be read in the log then.

    /// One event of type `macp.test` that is in no log.
    [[nodiscard]] async::Task<Attempt> test();
    /// Completes when nothing could be sent now, and everything is saved.
    [[nodiscard]] async::Task<> settled();
    /// Retention has taken what this lane had not read.
    void overrun(core::Gap const& missed);

    [[nodiscard]] LaneServices const& services() const noexcept { return services_; }
    [[nodiscard]] std::string const& id() const noexcept { return notices_.target; }
    [[nodiscard]] LaneRecord record() const;
    [[nodiscard]] TargetStatus status() const;  ///< Without origin and configuration.
    /// Fills in what is known of an event that is in the log and no dead letter.
    void explain(core::EventView const& event, Explanation& explanation) const;
    [[nodiscard]] std::shared_ptr<LaneCounters const> counters() const noexcept { return counters_; }

private:
    /// One parcel on its way. Each courier has one, and uses it again.
    struct Shipment {
        Stream* stream = nullptr;
        std::vector<Docket::Entry*> entries{};
        std::vector<core::EventView> views{};
        bool probe = false;
    };
    enum class Step { Send, Fetch, Open, Yield, Rest };

    // lane.cpp: from the feed to the sink
    async::Task<> begin();
    async::Task<> courier();
    void wake_courier();
    void rest_until(std::optional<SteadyTime> due);
    [[nodiscard]] Step next_step(Shipment& shipment);
    [[nodiscard]] Step without_parcel(Stream& stream);
    [[nodiscard]] bool stands_still() const;
    [[nodiscard]] Stream& current() { return errand_ ? *errand_ : live_; }
    void fill(Stream& stream);
    async::Task<> fetch(Stream& stream);
    async::Task<> ship(Shipment& shipment);
    async::Task<bool> load_missing(Shipment& shipment);
    async::Task<> sit_out(core::Error error);
    [[nodiscard]] bool is_calm();

    // lane_errands.cpp: what comes before the live log
    [[nodiscard]] Stream make_live(Progress const& progress) const;
    [[nodiscard]] std::unique_ptr<Stream> make_errand(Errand const& errand) const;
    async::Task<bool> restore(Stream& stream, Progress const& progress);
    async::Task<> open_errand();
    void close_errand();

    // lane_control.cpp: from outside, and for the ledger
    [[nodiscard]] core::Result<void> check_open() const;
    void complete(LaneRecord& draft) const;
    void saved();
    void release_late();
    void update_counters();

    // lane_results.cpp: what a try came to
    void settle(Shipment& shipment, Attempt const& attempt, Instant const& began);
    void note_history(Shipment const& shipment, Attempt const& attempt, Instant const& began);
    void delivered(Shipment& shipment, Instant const& now);
    void try_later(Shipment& shipment, Attempt const& attempt, Instant const& now);
    void refused(Shipment& shipment, Attempt const& attempt, Instant const& now);
    void bury(Shipment& shipment, Docket::Entry& entry, std::string reason, Attempt const& attempt, Instant const& now);
    void disable(std::string why, Instant const& now);
    void note_missed(core::Gap const& missed);
    void tell_missed();

    LaneServices services_;
    Notices notices_;
    LanePolicy policy_;
    std::shared_ptr<Selection const> selection_;
    std::unique_ptr<Sink> sink_;
    Ledger ledger_;
    Stream live_;
    std::unique_ptr<Stream> errand_;  ///< Of the record's first errand, once it has begun.
    Gate gate_;
    std::optional<core::Gap> unsaid_;  ///< Missed, and not yet told.
    std::optional<SteadyTime> told_missed_at_;
    core::Seq noted_passed_ = 0;
    std::size_t in_flight_ = 0;
    std::size_t couriers_ = 0;
    std::vector<async::Timer*> resting_;
    async::Timer alarm_;
    async::Timer calm_;  ///< Cancelled when something has come to rest.
    bool begun_ = false;
    bool closing_ = false;
    bool fetching_ = false;  ///< Or opening an errand.
    bool waits_for_ledger_ = false;
    bool in_trouble_ = false;  ///< The log cannot be read, and it was said.
    std::shared_ptr<LaneCounters> counters_;
    async::TaskGroup tasks_;
};

}  // namespace macp::delivery
