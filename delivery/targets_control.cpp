#include "core/json.hpp"
#include "delivery/attempt_history.hpp"
#include "delivery/dead_letters.hpp"
#include "delivery/targets_impl.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>

namespace macp::delivery {

using async::Task;
using core::ErrorCode;
using core::fail;
using core::pass_on;
using core::Result;

namespace {

using Committed = Result<events::CommitResult>;

constexpr std::size_t most_chosen = 1000;
constexpr std::size_t page_rows = 200;
constexpr std::size_t page_bytes = std::size_t{4} << 20;

Result<Effect> effect_of(Committed answer) {
    if (!answer) return pass_on(answer);
    return Effect{.existing = std::move(answer->existing)};
}

events::Row definition_row(std::string const& id, TargetConfig const& config) {
    return {.space = std::string{definitions_space}, .key = id, .value = core::dump_json(target_to_storage(config))};
}

Result<void> check_changeable(Target const& target) {
    if (target.origin == Origin::Api) return {};
    return fail(ErrorCode::Conflict, "the target `" + target.id + "` is of the configuration: change it there");
}

/// Keeps an id and a name for one caller as long as it lives.
class Reservation {
public:
    Reservation(Targets::Impl& impl, std::string id, std::string name)
        : impl_{&impl}, id_{std::move(id)}, name_{std::move(name)} {}
    Reservation(Reservation const&) = delete;
    Reservation& operator=(Reservation const&) = delete;
    ~Reservation() {
        if (taken_) impl_->release(id_, name_);
    }
    [[nodiscard]] Result<void> take() {
        auto done = impl_->reserve(id_, name_);
        taken_ = done.has_value();
        return done;
    }

private:
    Targets::Impl* impl_;
    std::string id_;
    std::string name_;
    bool taken_ = false;
};

/// On the lane's loop.
Task<bool> stop_now(TargetPtr target) {
    co_await Targets::Impl::stop(std::move(target), std::chrono::seconds{0});
    co_return true;
}

Task<bool> settle_lane(Lane& lane) {
    co_await lane.settled();
    co_return true;
}

/// Erases what is left of a deleted target, page by page. What cannot be erased is found by nobody.
Task<> erase_space(events::EventLog& log, async::WorkerPool& readers, std::string space) {
    for (;;) {
        auto job = [&log, &space] { return log.rows(space, {}, page_rows, page_bytes); };
        auto rows = co_await readers.run(std::move(job));
        if (!rows || rows->empty()) co_return;
        for (auto& row : *rows) row.value.reset();
        events::Commit commit{.rows = *std::move(rows)};
        auto const erased = co_await log.commit(std::move(commit));
        if (!erased) co_return;
    }
}

/// The keys of the dead letters of a target that are there, of those chosen.
Result<std::vector<core::Seq>> choose_letters(events::EventLog& log, std::string const& id, DeadChoice const& choice) {
    std::vector<core::Seq> found;
    if (choice) {
        for (auto const seq : *choice) {
            auto const row = log.row(dead_letter_space(id), seq_key(seq));
            if (!row) return pass_on(row);
            if (!*row) return fail(ErrorCode::NotFound, "there is no dead letter " + std::to_string(seq), "/ids");
            found.push_back(seq);
        }
        std::ranges::sort(found);
        found.erase(std::ranges::unique(found).begin(), found.end());
        return found;
    }
    for (core::Seq after = 0;;) {
        auto const rows = log.rows(dead_letter_space(id), seq_key(after), page_rows, page_bytes);
        if (!rows) return pass_on(rows);
        if (rows->empty()) return found;
        for (auto const& row : *rows) found.push_back(after = std::stoull(row.key));
    }
}

Task<Result<std::vector<core::Seq>>> chosen_letters(Targets::Impl& impl, std::string id, DeadChoice choice) {
    if (choice && choice->size() > most_chosen) {
        co_return fail(ErrorCode::InvalidField, "at most " + std::to_string(most_chosen) + " ids at a time", "/ids");
    }
    auto job = [&] { return choose_letters(impl.services.log, id, choice); };
    co_return co_await impl.services.readers.run(std::move(job));
}

}  // namespace

Task<Result<Effect>> Targets::create(std::string id, TargetConfig config, Once once) {
    if (auto const sound = validate(config); !sound) co_return pass_on(sound);
    Reservation reservation{*impl_, id, config.name};
    if (auto const taken = reservation.take(); !taken) co_return pass_on(taken);
    if (impl_->find(id)) co_return fail(ErrorCode::Conflict, "there is a target `" + id + "` already");
    auto const start = events::resolve(impl_->services.log, config.since);
    if (start.gap) co_return fail(ErrorCode::Conflict, "since: this log has no such position", "/since");

    LaneRecord record{.progress = {.after = start.after}, .start = start.after};
    events::Commit commit{.once = std::move(once)};
    commit.rows.push_back(definition_row(id, config));
    commit.cursors.push_back({.name = cursor_name(id), .value = to_text(record), .holds = record.holds()});
    auto target = impl_->make(id, Origin::Api, std::move(config), std::move(record), impl_->next_home());
    if (!target) co_return pass_on(target);
    auto const answer = co_await impl_->services.log.commit(std::move(commit));
    if (answer && !answer->existing) impl_->add(*std::move(target));
    co_return effect_of(answer);
}

Task<Result<Effect>> Targets::update(std::string id, TargetConfig config, Once once) {
    if (auto const sound = validate(config); !sound) co_return pass_on(sound);
    auto const target = impl_->find(id);
    if (!target) co_return pass_on(target);
    if (auto const free = check_changeable(**target); !free) co_return pass_on(free);
    Reservation reservation{*impl_, id, config.name};
    if (auto const taken = reservation.take(); !taken) co_return pass_on(taken);
    // What cannot be built is refused before anything is written.
    if (auto const trial = impl_->services.make_sink(config, (*target)->home->executor()); !trial) {
        co_return pass_on(trial);
    }
    events::Commit commit{.once = std::move(once)};
    commit.rows.push_back(definition_row(id, config));
    auto const answer = co_await impl_->services.log.commit(std::move(commit));
    if (!answer || answer->existing) co_return effect_of(answer);
    auto const restarted = co_await impl_->restart(*target, std::move(config));
    if (!restarted) co_return pass_on(restarted);
    co_return Effect{};
}

Task<Result<Effect>> Targets::remove(std::string id, Once once) {
    auto const target = impl_->find(id);
    if (!target) co_return pass_on(target);
    if (auto const free = check_changeable(**target); !free) co_return pass_on(free);
    Reservation reservation{*impl_, id, (*target)->config.name};
    if (auto const taken = reservation.take(); !taken) co_return pass_on(taken);
    auto retire = [&id, &once](Lane& lane) {
        std::vector<events::Row> rows;
        rows.push_back({.space = std::string{definitions_space}, .key = id});
        return lane.retire(std::move(rows), std::move(once));
    };
    auto const answer = co_await at_lane<Committed>(*target, std::move(retire));
    if (!answer || answer->existing) co_return effect_of(answer);
    auto stop = [target = *target](Lane& /*lane*/) { return stop_now(target); };
    static_cast<void>(co_await at_lane<bool>(*target, std::move(stop)));
    impl_->forget(**target);
    co_await erase_space(impl_->services.log, impl_->services.readers, dead_letter_space(id));
    co_await erase_space(impl_->services.log, impl_->services.readers, attempts_space(id));
    co_return Effect{};
}

Task<Result<Effect>> Targets::pause(std::string id, Once once) {
    auto const target = impl_->find(id);
    if (!target) co_return pass_on(target);
    auto call = [&once](Lane& lane) { return lane.pause(std::move(once)); };
    co_return effect_of(co_await at_lane<Committed>(*target, std::move(call)));
}

Task<Result<Effect>> Targets::resume(std::string id, Once once) {
    auto const target = impl_->find(id);
    if (!target) co_return pass_on(target);
    auto call = [&once](Lane& lane) { return lane.resume(std::move(once)); };
    co_return effect_of(co_await at_lane<Committed>(*target, std::move(call)));
}

Task<Result<Effect>> Targets::replay(std::string id, Stretch stretch, std::vector<std::string> types, Once once) {
    auto const target = impl_->find(id);
    if (!target) co_return pass_on(target);
    Errand errand{.until = stretch.until, .types = std::move(types), .progress = {.after = stretch.after}};
    auto call = [&errand, &once](Lane& lane) { return lane.run(std::move(errand), std::move(once)); };
    co_return effect_of(co_await at_lane<Committed>(*target, std::move(call)));
}

Task<Result<Effect>> Targets::redeliver(std::string id, DeadChoice choice, Once once) {
    auto const target = impl_->find(id);
    if (!target) co_return pass_on(target);
    Errand errand{.kind = Errand::Kind::Redelivery, .until = impl_->services.log.tail().last()};
    if (choice) {
        auto chosen = co_await chosen_letters(*impl_, id, std::move(choice));
        if (!chosen) co_return pass_on(chosen);
        if (chosen->empty()) co_return fail(ErrorCode::InvalidField, "no ids were given", "/ids");
        errand.chosen = *std::move(chosen);
    }
    auto call = [&errand, &once](Lane& lane) { return lane.run(std::move(errand), std::move(once)); };
    co_return effect_of(co_await at_lane<Committed>(*target, std::move(call)));
}

Task<Result<Effect>> Targets::discard(std::string id, DeadChoice choice, Once once) {
    auto const target = impl_->find(id);
    if (!target) co_return pass_on(target);
    auto flush = [](Lane& lane) { return lane.flush(); };
    if (auto const saved = co_await at_lane<Committed>(*target, std::move(flush)); !saved) co_return pass_on(saved);
    auto chosen = co_await chosen_letters(*impl_, id, std::move(choice));
    if (!chosen) co_return pass_on(chosen);
    auto call = [&chosen, &once](Lane& lane) { return lane.discard(*std::move(chosen), std::move(once)); };
    co_return effect_of(co_await at_lane<Committed>(*target, std::move(call)));
}

Task<Result<Attempt>> Targets::test(std::string id) {
    auto const target = impl_->find(id);
    if (!target) co_return pass_on(target);
    auto call = [](Lane& lane) { return lane.test(); };
    co_return co_await at_lane<Attempt>(*target, std::move(call));
}

Task<Result<void>> Targets::settled(std::string id) {
    auto const target = impl_->find(id);
    if (!target) co_return pass_on(target);
    auto call = [](Lane& lane) { return settle_lane(lane); };
    static_cast<void>(co_await at_lane<bool>(*target, std::move(call)));
    co_return Result<void>{};
}

}  // namespace macp::delivery
