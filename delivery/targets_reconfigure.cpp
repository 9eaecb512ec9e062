#include "delivery/targets_impl.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace macp::delivery {

using async::Task;
using core::ErrorCode;
using core::fail;
using core::pass_on;
using core::Result;

namespace {

/// What a new configuration makes of the old.
struct Plan {
    std::vector<std::pair<TargetPtr, TargetConfig>> changed{};
    std::vector<ConfiguredTarget> added{};
    std::vector<TargetPtr> gone{};
};

bool same(TargetConfig const& a, TargetConfig const& b) {
    return a.secrets == b.secrets && a.auth_token == b.auth_token && target_to_storage(a) == target_to_storage(b);
}

Result<Plan> make_plan(Targets::Impl& impl, std::vector<ConfiguredTarget> configured) {
    Plan plan;
    std::set<std::string> names;
    for (auto& [origin, config] : configured) {
        if (!names.insert(config.name).second) {
            return fail(ErrorCode::Conflict, "there are two targets named `" + config.name + "`");
        }
        auto const& home = impl.homes.front();
        if (auto const trial = impl.services.make_sink(config, home->executor()); !trial) return pass_on(trial);
        auto const existing = impl.find(config.name);
        if (!existing) {
            plan.added.push_back({.origin = origin, .config = std::move(config)});
        } else if ((*existing)->origin == Origin::Api) {
            return fail(ErrorCode::Conflict, "there is a target with the id `" + config.name + "` already");
        } else if (!same((*existing)->config, config)) {
            plan.changed.emplace_back(*existing, std::move(config));
        }
    }
    for (auto& target : impl.all()) {
        if (target->origin != Origin::Api && !names.contains(target->id)) plan.gone.push_back(std::move(target));
    }
    return plan;
}

/// Where a target that has just come into the configuration begins: where it was, if it was there before.
Task<Result<LaneRecord>> first_record(Targets::Impl& impl, TargetConfig const& config) {
    auto& log = impl.services.log;
    auto job = [&log, name = cursor_name(config.name)] { return log.cursor(name); };
    auto const kept = co_await impl.services.readers.run(std::move(job));
    if (!kept) co_return pass_on(kept);
    if (*kept) co_return parse_lane_record(**kept);
    auto const start = events::resolve(log, config.since);
    LaneRecord record{.progress = {.after = start.after}, .start = start.after};
    events::Commit commit;
    commit.cursors.push_back({.name = cursor_name(config.name), .value = to_text(record), .holds = record.holds()});
    auto const saved = co_await log.commit(std::move(commit));
    if (!saved) co_return pass_on(saved);
    co_return record;
}

Task<Result<LaneRecord>> stop_for_good(TargetPtr target) {
    co_await Targets::Impl::stop(target, std::chrono::seconds{0});
    co_return target->lane->record();
}

/// It keeps its place, in case it comes back, but no longer the log.
Task<Result<void>> let_go(Targets::Impl& impl, TargetPtr target) {
    auto stop = [target](Lane& /*lane*/) { return stop_for_good(target); };
    auto const record = co_await at_lane<Result<LaneRecord>>(target, std::move(stop));
    if (!record) co_return pass_on(record);
    impl.forget(*target);
    events::Commit commit;
    commit.cursors.push_back({.name = cursor_name(target->id), .value = to_text(*record)});
    auto const saved = co_await impl.services.log.commit(std::move(commit));
    if (!saved) co_return pass_on(saved);
    co_return Result<void>{};
}

}  // namespace

Task<Result<void>> Targets::reconfigure(std::vector<ConfiguredTarget> configured) {
    auto plan = make_plan(*impl_, std::move(configured));
    if (!plan) co_return pass_on(plan);
    for (auto& [origin, config] : plan->added) {
        auto record = co_await first_record(*impl_, config);
        if (!record) co_return pass_on(record);
        auto const id = config.name;
        auto target = impl_->make(id, origin, std::move(config), *std::move(record), impl_->next_home());
        if (!target) co_return pass_on(target);
        impl_->add(*std::move(target));
    }
    for (auto& [target, config] : plan->changed) {
        auto const done = co_await impl_->restart(target, std::move(config));
        if (!done) co_return pass_on(done);
    }
    for (auto& target : plan->gone) {
        auto const done = co_await let_go(*impl_, std::move(target));
        if (!done) co_return pass_on(done);
    }
    co_return Result<void>{};
}

}  // namespace macp::delivery
