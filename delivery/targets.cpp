#include "delivery/targets.hpp"

#include "core/id.hpp"
#include "core/json.hpp"
#include "delivery/targets_impl.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>

namespace macp::delivery {

using async::Task;
using core::ErrorCode;
using core::fail;
using core::pass_on;
using core::Result;
using std::chrono::steady_clock;

namespace asio = boost::asio;

namespace {

constexpr std::size_t page_rows = 500;
constexpr std::chrono::seconds change_grace{1};

/// Definitions made at the API, as they were kept. One that cannot be taken up any more is left out, and its place
/// kept.
Result<std::vector<std::pair<std::string, TargetConfig>>> read_definitions(TargetServices const& services) {
    std::vector<std::pair<std::string, TargetConfig>> found;
    for (std::string after;;) {
        auto const rows = services.log.rows(definitions_space, after, page_rows);
        if (!rows) return pass_on(rows);
        if (rows->empty()) return found;
        for (auto const& row : *rows) {
            after = row.key;
            auto const json = core::parse_json(*row.value);
            if (!json) return pass_on(json);
            auto config = target_from_json(*json, services.environment);
            if (config) {
                found.emplace_back(row.key, *std::move(config));
            } else {
                spdlog::error("target {} cannot be taken up: {}", row.key, config.error().message);
            }
        }
    }
}

Result<std::map<std::string, LaneRecord>> read_records(events::EventLog& log) {
    auto const prefix = cursor_name({});
    auto const cursors = log.cursors(prefix);
    if (!cursors) return pass_on(cursors);
    std::map<std::string, LaneRecord> records;
    for (auto const& cursor : *cursors) {
        auto record = parse_lane_record(cursor.value);
        if (!record) return pass_on(record);
        records.emplace(cursor.name.substr(prefix.size()), *std::move(record));
    }
    return records;
}

events::CursorMove cursor_of(std::string const& id, LaneRecord const& record, bool holds = true) {
    events::CursorMove move{.name = cursor_name(id), .value = to_text(record)};
    if (holds) move.holds = record.holds();
    return move;
}

LaneRecord new_record(core::Seq after) {
    return {.progress = {.after = after}, .start = after};
}

Task<Result<LaneRecord>> stop_and_read(TargetPtr target) {
    co_await Targets::Impl::stop(target, change_grace);
    co_return target->lane->record();
}

}  // namespace

Targets::Impl::Impl(TargetServices given) : services{std::move(given)} {
    for (auto* const shard : services.shards) {
        homes.push_back(std::make_shared<ShardLanes>(*shard));
        wakes.push_back(services.log.tail().add_wake([home = homes.back()] { home->wake(); }));
    }
}

Result<TargetPtr> Targets::Impl::find(std::string const& id) const {
    std::scoped_lock const lock{mutex};
    auto const found = targets.find(id);
    if (found == targets.end()) return fail(ErrorCode::NotFound, "there is no target `" + id + "`");
    return found->second;
}

std::vector<TargetPtr> Targets::Impl::all() const {
    std::scoped_lock const lock{mutex};
    std::vector<TargetPtr> found;
    for (auto const& [id, target] : targets) found.push_back(target);
    return found;
}

Result<void> Targets::Impl::reserve(std::string const& id, std::string const& name) {
    std::scoped_lock const lock{mutex};
    if (reserved.contains(id) || reserved.contains(name)) {
        return fail(ErrorCode::Conflict, "somebody else is changing this target: try again");
    }
    auto const in_the_way = std::ranges::find_if(targets, [&](auto const& entry) {
        auto const& target = *entry.second;
        return target.id != id && (target.id == name || target.config.name == name || target.config.name == id);
    });
    if (in_the_way != targets.end()) {
        return fail(ErrorCode::Conflict, "there is a target with the name `" + name + "` already", "/name");
    }
    reserved.insert(id);
    reserved.insert(name);
    return {};
}

void Targets::Impl::release(std::string const& id, std::string const& name) {
    std::scoped_lock const lock{mutex};
    reserved.erase(id);
    reserved.erase(name);
}

std::shared_ptr<ShardLanes> Targets::Impl::next_home() {
    std::scoped_lock const lock{mutex};
    return homes[dealt++ % homes.size()];
}

Result<TargetPtr> Targets::Impl::make(
    std::string id, Origin origin, TargetConfig config, LaneRecord record, std::shared_ptr<ShardLanes> home
) {
    auto sink = services.make_sink(config, home->executor());
    if (!sink) return pass_on(sink);
    LaneServices lane_services{
        .log = services.log,
        .readers = services.readers,
        .clock = services.clock,
        .executor = home->executor(),
        .random = services.random,
        .pace = services.pace,
    };
    auto lane = std::make_shared<Lane>(
        std::move(lane_services), Notices{.target = id, .name = config.name}, policy_of(config), *std::move(sink),
        std::move(record)
    );
    Target target{.id = std::move(id), .origin = origin, .config = std::move(config), .home = std::move(home)};
    target.lane = std::move(lane);
    return std::make_shared<Target const>(std::move(target));
}

void Targets::Impl::add(TargetPtr target) {
    {
        std::scoped_lock const lock{mutex};
        targets[target->id] = target;
    }
    asio::post(target->home->executor(), [target] {
        target->home->add(target->lane);
        target->lane->start();
    });
}

void Targets::Impl::forget(Target const& target) {
    std::scoped_lock const lock{mutex};
    targets.erase(target.id);
}

Task<> Targets::Impl::stop(TargetPtr target, steady_clock::duration grace) {
    // Runs on the lane's loop.
    co_await target->lane->stop(grace);
    target->home->remove(*target->lane);
}

Task<Result<void>> Targets::Impl::restart(TargetPtr target, TargetConfig config) {
    using Stopped = Result<LaneRecord>;
    auto stop_it = [target](Lane& /*lane*/) { return stop_and_read(target); };
    auto record = co_await at_lane<Stopped>(target, std::move(stop_it));
    if (!record) co_return pass_on(record);
    auto changed = make(target->id, target->origin, std::move(config), *std::move(record), target->home);
    if (!changed) co_return pass_on(changed);
    add(*std::move(changed));
    co_return Result<void>{};
}

Targets::Targets(TargetServices services) : impl_{std::make_unique<Impl>(std::move(services))} {}

Targets::~Targets() {
    for (auto const& home : impl_->homes) home->close();
}

std::string Targets::new_id() {
    constexpr std::size_t id_bytes = 8;
    return "wh_" + core::random_hex(id_bytes);
}

Result<void> Targets::start(std::vector<ConfiguredTarget> configured) {
    auto records = read_records(impl_->services.log);
    if (!records) return pass_on(records);
    auto definitions = read_definitions(impl_->services);
    if (!definitions) return pass_on(definitions);

    events::Commit commit;
    std::vector<TargetPtr> made;
    std::set<std::string> kept;
    auto const take_up = [&](std::string const& id, Origin origin, TargetConfig config) -> Result<void> {
        if (!kept.insert(id).second) return fail(ErrorCode::Conflict, "there are two targets named `" + id + "`");
        auto found = records->find(id);
        if (found == records->end()) {
            auto const start = events::resolve(impl_->services.log, config.since);
            found = records->emplace(id, new_record(start.after)).first;
        }
        commit.cursors.push_back(cursor_of(id, found->second));
        auto target = impl_->make(id, origin, std::move(config), found->second, impl_->next_home());
        if (!target) return pass_on(target);
        made.push_back(*std::move(target));
        return {};
    };
    for (auto& [origin, config] : configured) {
        auto const id = config.name;
        if (auto const taken = take_up(id, origin, std::move(config)); !taken) return taken;
    }
    for (auto& [id, config] : *definitions) {
        auto const taken = take_up(id, Origin::Api, std::move(config));
        if (!taken) spdlog::error("target {} cannot be taken up: {}", id, taken.error().message);
    }
    for (auto const& [id, record] : *records) {  // their targets are gone: they keep their place, not the log
        if (!kept.contains(id)) commit.cursors.push_back(cursor_of(id, record, false));
    }
    if (!commit.cursors.empty()) {
        auto const saved = impl_->services.log.commit_and_wait(std::move(commit));
        if (!saved) return pass_on(saved);
    }
    for (auto& target : made) impl_->add(std::move(target));
    return {};
}

Task<> Targets::drain(steady_clock::duration grace) {
    auto const executor = co_await asio::this_coro::executor;
    auto const targets = impl_->all();
    struct Rest {
        std::size_t left;
        async::Timer done;
    };
    auto const rest = std::make_shared<Rest>(targets.size(), async::Timer{executor, async::Timer::time_point::max()});
    for (auto const& target : targets) {
        auto stopped = [executor, rest](std::exception_ptr const& /*bug*/) {
            asio::post(executor, [rest] {
                if (--rest->left == 0) rest->done.cancel();
            });
        };
        asio::co_spawn(target->home->executor(), Impl::stop(target, grace), std::move(stopped));
    }
    while (rest->left != 0) co_await rest->done.async_wait(async::nothrow);
}

void Targets::tick() {
    for (auto const& home : impl_->homes) home->wake();
}

void Targets::overrun(events::Overrun const& overrun) {
    auto const prefix = cursor_name({});
    if (!overrun.cursor.starts_with(prefix)) return;
    auto const target = impl_->find(overrun.cursor.substr(prefix.size()));
    if (!target) return;
    asio::post((*target)->home->executor(), [target = *target, missed = overrun.missed] {
        target->lane->overrun(missed);
    });
}

std::vector<TargetMetrics> Targets::metrics() const {
    auto const last = impl_->services.log.tail().last();
    std::vector<TargetMetrics> all;
    for (auto const& target : impl_->all()) {
        auto const& counters = *target->lane->counters();
        auto const done = counters.done.load();
        all.push_back({
            .id = target->id,
            .name = target->config.name,
            .state = counters.state,
            .breaker = counters.breaker,
            .delivered = counters.delivered,
            .attempts = counters.attempts,
            .failed_attempts = counters.failed_attempts,
            .dead_letters = counters.dead_letters,
            .in_flight = counters.in_flight,
            .lag = last > done ? last - done : 0,
        });
    }
    return all;
}

}  // namespace macp::delivery
