#pragma once

#include "delivery/docket.hpp"
#include "delivery/feed.hpp"
#include "delivery/lane_policy.hpp"
#include "delivery/lane_record.hpp"

#include <memory>
#include <optional>

namespace macp::delivery {

/// A place to read from, and what of it is in hand.
struct Stream {
    std::unique_ptr<Feed> feed;
    Docket docket;
    std::optional<Errand::Kind> errand{};  ///< Nothing: the live log.

    Stream(std::unique_ptr<Feed> from, LanePolicy const& policy, core::Seq after)
        : feed{std::move(from)}, docket{policy.ordering, policy.parcel_events, after} {}

    [[nodiscard]] bool is(Errand::Kind kind) const { return errand == kind; }
    /// There will never be more.
    [[nodiscard]] bool ended() const { return docket.empty() && feed->more() == Feed::More::Never; }
};

}  // namespace macp::delivery
