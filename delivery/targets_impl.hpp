#pragma once

#include "delivery/lane.hpp"
#include "delivery/shard_lanes.hpp"
#include "delivery/targets.hpp"

#include <boost/asio/co_spawn.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace macp::delivery {

/// A target that is defined, and its lane. Replaced as a whole when it is changed.
struct Target {
    std::string id{};
    Origin origin = Origin::Api;
    TargetConfig config{};
    std::shared_ptr<ShardLanes> home{};
    std::shared_ptr<Lane> lane{};  ///< Also held by whoever is inside one of its calls.
};
using TargetPtr = std::shared_ptr<Target const>;

/// Where definitions made at the API are kept.
inline constexpr std::string_view definitions_space = "webhooks";

/// What stands behind `Targets`. The map is guarded; lanes are entered on their own loops only.
struct Targets::Impl {
    explicit Impl(TargetServices given);

    TargetServices services;
    std::vector<std::shared_ptr<ShardLanes>> homes{};
    mutable std::mutex mutex{};
    std::map<std::string, TargetPtr> targets{};
    std::set<std::string> reserved{};  ///< Ids and names of those that are being made, changed or removed.
    std::vector<events::Tail::Registration> wakes{};
    std::size_t dealt = 0;

    [[nodiscard]] core::Result<TargetPtr> find(std::string const& id) const;
    [[nodiscard]] std::vector<TargetPtr> all() const;

    /// Errors: Conflict when another target has the id or the name, or somebody is about to change it.
    [[nodiscard]] core::Result<void> reserve(std::string const& id, std::string const& name);
    void release(std::string const& id, std::string const& name);

    /// A target with a lane that has not begun. Errors: InvalidField.
    [[nodiscard]] core::Result<TargetPtr> make(
        std::string id, Origin origin, TargetConfig config, LaneRecord record, std::shared_ptr<ShardLanes> home
    );
    [[nodiscard]] std::shared_ptr<ShardLanes> next_home();
    /// Puts it on the map and lets its lane begin.
    void add(TargetPtr target);
    void forget(Target const& target);

    /// Replaces the target by one with another configuration, at the same place in the log.
    [[nodiscard]] async::Task<core::Result<void>> restart(TargetPtr target, TargetConfig config);
    /// Ends its lane. It stays on the map.
    [[nodiscard]] static async::Task<> stop(TargetPtr target, std::chrono::steady_clock::duration grace);
};

template <class T, class Call>
async::Task<T> inside_lane(TargetPtr target, Call call) {
    co_return co_await call(*target->lane);
}

/// Awaits `call(lane)`, a task, on the lane's own loop.
template <class T, class Call>
async::Task<T> at_lane(TargetPtr target, Call call) {
    auto const executor = target->home->executor();
    auto work = inside_lane<T>(std::move(target), std::move(call));
    co_return co_await async::asio::co_spawn(
        executor, std::move(work), async::asio::use_awaitable_t<async::Executor>{}
    );
}

}  // namespace macp::delivery
