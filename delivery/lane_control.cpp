#include "delivery/dead_letters.hpp"
#include "delivery/lane.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace macp::delivery {
namespace {

using async::Task;
using Answer = Lane::Answer;

constexpr std::size_t most_errands = 16;

/// What to tell somebody who asks why nothing happens.
std::string reason_to_wait(TargetStatus const& status) {
    if (status.disabled) return "the target is disabled: " + status.disabled->why;
    if (status.paused_since) return "the target is paused";
    if (status.waits_for == "breaker") return "the target failed too often: it is tried now and then";
    if (status.waits_for == "retry-after") return "the target asked us to wait";
    if (status.waits_for == "rate") return "the target's rate is used up";
    return {};
}

}  // namespace

core::Result<void> Lane::check_open() const {
    if (!closing_) return {};
    return core::fail(core::ErrorCode::Unavailable, "the target is being stopped");
}

Task<Answer> Lane::pause(MaybeOnce once) {
    if (auto const open = check_open(); !open) co_return core::pass_on(open);
    Ledger::Edit edit = [now = services_.clock.now()](LaneRecord& record) {
        if (!record.paused) record.paused = now;
    };
    auto answer = co_await ledger_.commit(std::move(edit), std::move(once), {});
    update_counters();
    co_return answer;
}

Task<Answer> Lane::resume(MaybeOnce once) {
    if (auto const open = check_open(); !open) co_return core::pass_on(open);
    if (!policy_.enabled) {
        co_return core::fail(core::ErrorCode::Conflict, "the target's configuration says that it is not enabled");
    }
    Ledger::Edit edit = [](LaneRecord& record) {
        record.paused.reset();
        record.disabled.reset();
        record.failing_since.reset();
        record.breaker = {};
        record.hold_until.reset();
    };
    auto answer = co_await ledger_.commit(std::move(edit), std::move(once), {});
    if (!answer || answer->existing) co_return answer;
    gate_.open_wide();
    release_late();
    update_counters();
    wake();
    co_return answer;
}

Task<Answer> Lane::run(Errand errand, MaybeOnce once) {
    if (auto const open = check_open(); !open) co_return core::pass_on(open);
    if (ledger_.record().errands.size() >= most_errands) {
        co_return core::fail(
            core::ErrorCode::Conflict, "there are " + std::to_string(most_errands) + " replays and redeliveries already"
        );
    }
    Ledger::Edit edit = [errand = std::move(errand)](LaneRecord& record) { record.errands.push_back(errand); };
    auto answer = co_await ledger_.commit(std::move(edit), std::move(once), {});
    wake();
    co_return answer;
}

Task<Answer> Lane::discard(std::vector<core::Seq> letters, MaybeOnce once) {
    if (auto const open = check_open(); !open) co_return core::pass_on(open);
    auto const redelivers = [](Errand const& errand) { return errand.kind == Errand::Kind::Redelivery; };
    if (std::ranges::any_of(ledger_.record().errands, redelivers)) {
        co_return core::fail(core::ErrorCode::Conflict, "dead letters of this target are being delivered again");
    }
    std::vector<events::Row> rows;
    for (auto const seq : letters) rows.push_back(erased_dead_letter(id(), seq));
    Ledger::Edit edit = [count = letters.size()](LaneRecord& record) {
        record.dead_letters -= std::min<std::uint64_t>(record.dead_letters, count);
    };
    auto answer = co_await ledger_.commit(std::move(edit), std::move(once), std::move(rows));
    update_counters();
    co_return answer;
}

Task<Answer> Lane::retire(std::vector<events::Row> rows, MaybeOnce once) {
    if (auto const open = check_open(); !open) co_return core::pass_on(open);
    co_return co_await ledger_.retire(std::move(once), std::move(rows));
}

Task<Answer> Lane::flush() {
    co_return co_await ledger_.commit({}, {}, {});
}

/// Fills in what only the lane knows.
void Lane::complete(LaneRecord& draft) const {
    auto const now = Instant::of(services_.clock);
    draft.breaker = gate_.breaker().save(now);
    draft.hold_until.reset();
    if (gate_.hold_until() > now.steady) draft.hold_until = now.wall_at(gate_.hold_until());
    if (!begun_) return;  // then the record knows better
    draft.progress = live_.docket.progress(now);
    if (errand_) draft.errands.front().progress = errand_->docket.progress(now);
}

void Lane::saved() {
    update_counters();
    calm_.cancel();
    if (waits_for_ledger_ && !ledger_.full()) wake();
}

void Lane::release_late() {
    live_.docket.release_late();
    if (errand_) errand_->docket.release_late();
}

LaneRecord Lane::record() const {
    auto record = ledger_.record();
    complete(record);
    return record;
}

void Lane::update_counters() {
    auto const& record = ledger_.record();
    auto state = record.announced ? TargetState::Failing : TargetState::Healthy;
    if (record.paused) state = TargetState::Paused;
    if (record.disabled || !policy_.enabled) state = TargetState::Disabled;
    counters_->state.store(state, std::memory_order_relaxed);
    counters_->breaker.store(gate_.breaker().state(), std::memory_order_relaxed);
    counters_->dead_letters.store(record.dead_letters, std::memory_order_relaxed);
    counters_->in_flight.store(in_flight_, std::memory_order_relaxed);
    counters_->done.store(begun_ ? live_.docket.done_up_to() : record.progress.done(), std::memory_order_relaxed);
}

TargetStatus Lane::status() const {
    auto const now = Instant::of(services_.clock);
    auto const full = record();
    TargetStatus status{
        .id = id(),
        .state = counters_->state,
        .paused_since = full.paused,
        .disabled = full.disabled,
        .failing_since = full.announced ? full.failing_since : std::nullopt,
        .cursor = full.progress.done(),
        .open = live_.docket.size() + (errand_ ? errand_->docket.size() : 0),
        .in_flight = in_flight_,
        .breaker = gate_.breaker().state(),
        .failures = gate_.breaker().failures(),
        .delivered = counters_->delivered,
        .attempts = counters_->attempts,
        .failed_attempts = counters_->failed_attempts,
        .dead_letters = full.dead_letters,
        .missed = full.missed,
        .last_attempt = ledger_.history().last(),
    };
    if (!policy_.enabled) status.disabled = Disabled{.why = "config"};
    auto const last = services_.log.tail().last();
    status.lag = last > status.cursor ? last - status.cursor : 0;
    if (!full.errands.empty()) {
        auto const& errand = full.errands.front();
        status.replaying = core::Gap{
            .from = errand.progress.done() + 1,
            .to = errand.until,
            .why = errand.kind == Errand::Kind::Replay ? "replay" : "redelivery",
        };
    }
    auto const due = errand_ ? errand_->docket.due() : live_.docket.due();
    if (auto const wait = gate_.wait(now.steady, in_flight_)) {
        status.waits_for = wait->why;
        if (wait->until) status.next_try = now.wall_at(*wait->until);
    } else if (due && *due > now.steady && !(errand_ ? *errand_ : live_).docket.can_take(now.steady)) {
        status.waits_for = "retry";
        status.next_try = now.wall_at(*due);
    }
    if (status.disabled || status.paused_since) status.next_try.reset();
    return status;
}

void Lane::explain(core::EventView const& event, Explanation& explanation) const {
    auto const now = Instant::of(services_.clock);
    auto const* entry = errand_ ? errand_->docket.find(event.seq) : nullptr;
    if (entry == nullptr) entry = live_.docket.find(event.seq);
    auto const& record = ledger_.record();
    auto const done = begun_ ? live_.docket.progress(now).after : record.progress.after;
    if (entry != nullptr) {
        bool const on_its_way = entry->state == Docket::State::InFlight;
        explanation.verdict = on_its_way ? "in-flight" : "pending";
        explanation.tries = entry->open.tries;
        if (!on_its_way) explanation.why = reason_to_wait(explanation.status);
        if (entry->state == Docket::State::Late) {
            explanation.next_try = explanation.status.next_try.value_or(now.wall_at(entry->due));
            if (explanation.why.empty()) explanation.why = "it failed: it is tried again";
        } else if (entry->state == Docket::State::Blocked) {
            explanation.why = "an earlier event of its subject is not delivered yet";
        }
    } else if (event.seq <= record.start) {
        explanation.verdict = "before-start";
        explanation.why = "the target was made after it";
    } else if (event.seq > done) {
        explanation.verdict = "pending";
        explanation.why = reason_to_wait(explanation.status);
        if (explanation.why.empty()) explanation.why = "earlier events are not delivered yet";
    } else if (record.missed && record.missed->from <= event.seq && event.seq <= record.missed->to) {
        explanation.verdict = "missed";
        explanation.why = "retention took it before its turn came";
    } else {
        explanation.verdict = "delivered";
    }
}

}  // namespace macp::delivery
