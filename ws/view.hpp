#pragma once

#include "core/filter.hpp"
#include "ws/ring.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

namespace macp::ws {

/// What all connections with one format and one filter see of the ring: the positions that pass, found once.
/// Threads: its shard only. Lifetime: `ring` must outlive it.
class View {
public:
    View(Ring& ring, core::Filter filter);

    [[nodiscard]] core::Filter const& filter() const noexcept { return filter_; }
    [[nodiscard]] Ring const& ring() const noexcept { return ring_; }

    /// The oldest position that this view can tell about; older ones are read from the log.
    [[nodiscard]] core::Seq first() const noexcept { return std::max(first_, ring_.first()); }
    [[nodiscard]] core::Seq last() const noexcept { return ring_.last(); }

    /// Says that the event at `seq`, now the newest of the ring, passes the filter.
    void add(core::Seq seq);
    void reset(core::Seq after);

    /// Appends the runs with what passes after `after`, up to `max_bytes` (one event at the least) and `max_runs`.
    /// Returns how far this reaches: a reader that has sent the runs has seen everything up to there.
    [[nodiscard]] core::Seq collect(
        core::Seq after, std::size_t max_bytes, std::size_t max_runs, std::vector<Run>& runs
    ) const;

private:
    [[nodiscard]] core::Seq collect_all(
        core::Seq after, std::size_t max_bytes, std::size_t max_runs, std::vector<Run>& runs
    ) const;

    Ring& ring_;
    core::Filter filter_;
    core::Seq first_;
    bool all_;
    std::deque<core::Seq> passing_;  ///< Unused when everything passes.
};

/// Finds the views that an event may concern, so that the cost of an event grows with those, not with all views:
/// by exact subject, by one exact field of `data`, else by type.
class ViewIndex {
public:
    void add(View& view);
    void remove(View& view);
    /// Adds the event to every view whose filter it passes.
    void deliver(core::EventView const& event);

private:
    using Views = std::vector<View*>;
    using ByValue = std::unordered_map<std::string, Views>;

    /// The one field with one exact value that `filter` asks for; null: there is none.
    [[nodiscard]] static std::pair<std::string, std::string> const* exact_field(core::Filter const& filter);
    [[nodiscard]] static bool has_exact_subject(core::Filter const& filter);
    static void offer(Views const& views, core::EventView const& event, core::DataFields& fields);
    [[nodiscard]] Views& takers_of(std::string_view type);

    ByValue by_subject_;
    std::unordered_map<std::string, ByValue> by_field_;
    Views others_;
    ByValue by_type_;  ///< Those of `others_` that take a type, made when the type is first seen.
    std::size_t count_ = 0;
};

}  // namespace macp::ws
