#pragma once

#include "delivery/held.hpp"
#include "delivery/instant.hpp"
#include "delivery/target_config.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace macp::delivery {

/// An event that is not done with, as it is written down.
struct OpenEvent {
    core::Seq seq = 0;
    std::size_t tries = 0;                     ///< All of them.
    std::size_t counted = 0;                   ///< Failed ones that count towards `RetryPolicy::count`.
    std::optional<core::Time> next{};          ///< Not to be tried before.
    std::optional<core::Time> first_failed{};  ///< Age counts from here.
    bool operator==(OpenEvent const&) const = default;
};

/// How far a reader of the log is: done with everything up to `after`, except `open`.
struct Progress {
    core::Seq after = 0;
    std::vector<OpenEvent> open{};  ///< In order.

    /// Everything up to here is done with, without exception.
    [[nodiscard]] core::Seq done() const { return open.empty() ? after : open.front().seq - 1; }
    bool operator==(Progress const&) const = default;
};

/// The events in hand of one lane, and the rule of what may go when: which are ready, in flight, put off after a
/// failure, or blocked behind another of the same subject. Knows no time-outs, no log and no target.
///
/// Memory: at most `most_open` events; those that wait keep a copy of their own, together at most `copy_bytes`, or
/// else none (`Entry::held` is empty: it is read again). Threads: one loop's.
class Docket {
public:
    static constexpr std::size_t most_open = 1024;
    static constexpr std::size_t copy_bytes = std::size_t{4} << 20;

    enum class State { Ready, InFlight, Late, Blocked };
    struct Entry {
        OpenEvent open{};
        State state = State::Ready;
        SteadyTime due{};        ///< While it is late.
        Held held{};             ///< Perhaps nothing.
        std::size_t bytes = 0;   ///< Of its text.
        std::size_t copied = 0;  ///< Bytes of its copy; 0: `held` is no copy.
        bool alone = false;      ///< Goes without company: its last parcel was refused as a whole.
        std::string subject{};   ///< With Ordering::Subject.
    };

    Docket(Ordering ordering, std::size_t parcel_events, core::Seq after)
        : ordering_{ordering}, parcel_events_{parcel_events}, done_high_{after}, passed_{after} {}

    /// There is room for another, and nothing to send instead.
    [[nodiscard]] bool wants_more();
    /// The next wanted event of the log.
    void add(Held held);
    /// One that was open before a restart; `held` may be empty, but not with Ordering::Subject. In order.
    void restore(OpenEvent open, Held held, Instant const& now);
    /// Everything up to `seq` has been added, or is not wanted.
    void passed(core::Seq seq);

    /// Marks the next parcel as in flight: up to `parcel_events` of together `most_bytes`. Empty: nothing is ready.
    void take(std::size_t most_bytes, SteadyTime now, std::vector<Entry*>& parcel);
    /// The first that is not blocked, put off or not.
    void take_probe(std::vector<Entry*>& parcel);

    /// Of an entry in flight:
    void done(Entry& entry);  ///< And gone.
    void put_off(Entry& entry, SteadyTime due);
    void put_back(Entry& entry) { put_off(entry, SteadyTime::min()); }

    /// Nothing is put off any more.
    void release_late();
    /// When the first of those put off is due.
    [[nodiscard]] std::optional<SteadyTime> due() const;
    /// Something could be taken at `now`.
    [[nodiscard]] bool can_take(SteadyTime now) const;
    [[nodiscard]] Entry const* find(core::Seq seq) const;
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] Progress progress(Instant const& now) const;
    /// `Progress::done`, cheaply.
    [[nodiscard]] core::Seq done_up_to() const { return entries_.empty() ? passed_ : entries_.begin()->first - 1; }
    [[nodiscard]] core::Seq passed() const noexcept { return passed_; }

private:
    using ReadyQueue = std::priority_queue<core::Seq, std::vector<core::Seq>, std::greater<>>;

    void insert(Entry entry);
    void make_ready(Entry& entry);
    void make_late(Entry& entry, SteadyTime due);
    void keep_waiting(Entry& entry);
    void promote_late(SteadyTime now);
    [[nodiscard]] Entry* next_ready();
    void start(Entry& entry, std::vector<Entry*>& parcel);
    void unblock_next(std::string const& subject);

    Ordering ordering_;
    std::size_t parcel_events_;
    std::map<core::Seq, Entry> entries_;
    ReadyQueue ready_;
    std::set<std::pair<SteadyTime, core::Seq>> late_;
    std::unordered_map<std::string, std::deque<core::Seq>> lines_;  ///< Of each subject; the first is not blocked.
    core::Seq done_high_;                                           ///< The last that was tried.
    core::Seq passed_;
    std::size_t in_flight_ = 0;
    std::size_t copied_ = 0;
};

}  // namespace macp::delivery
