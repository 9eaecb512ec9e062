#include "delivery/attempt_history.hpp"
#include "delivery/dead_letters.hpp"
#include "delivery/targets_impl.hpp"

#include <utility>

namespace macp::delivery {

using async::Task;
using core::ErrorCode;
using core::fail;
using core::pass_on;
using core::Result;

namespace {

using Committed = Result<events::CommitResult>;

Task<TargetStatus> status_at(TargetPtr target, Lane& lane) {
    auto status = lane.status();
    status.origin = target->origin;
    status.config = target->config;
    co_return status;
}

Task<TargetStatus> status_of(TargetPtr target) {
    auto call = [target](Lane& lane) { return status_at(target, lane); };
    co_return co_await at_lane<TargetStatus>(target, std::move(call));
}

Task<std::uint64_t> flush_and_read_slot(Lane& lane) {
    static_cast<void>(co_await lane.flush());
    co_return lane.record().history_slot;
}

/// What the log holds of it, and of the target's answer to it.
struct Trace {
    std::optional<DeadLetter> letter{};
    std::vector<AttemptRecord> attempts{};
};

Result<Trace> read_trace(events::EventLog& log, std::string const& id, core::Seq seq) {
    Trace trace;
    auto const row = log.row(dead_letter_space(id), seq_key(seq));
    if (!row) return pass_on(row);
    if (*row) {
        auto letter = read_dead_letter(**row);
        if (!letter) return pass_on(letter);
        trace.letter = *std::move(letter);
    }
    auto attempts = read_attempts_of(log, id, seq);
    if (!attempts) return pass_on(attempts);
    trace.attempts = *std::move(attempts);
    return trace;
}

Task<Explanation> explain_at(TargetPtr target, core::EventView event, Lane& lane) {
    // So that what has just happened is in the history; a log that cannot take it is no reason to say nothing.
    static_cast<void>(co_await lane.flush());
    Explanation explanation{.target = target->id, .name = target->config.name};
    explanation.status = co_await status_at(target, lane);
    Selection const selection{target->config.filter(), target->id};
    explanation.why = selection.why_not(event);
    explanation.matched = explanation.why.empty();
    explanation.verdict = "unwanted";
    if (explanation.matched) lane.explain(event, explanation);
    co_return explanation;
}

Task<Result<Explanation>> explain_one(Targets::Impl& impl, TargetPtr target, core::EventView event) {
    auto call = [target, event](Lane& lane) { return explain_at(target, event, lane); };
    auto explanation = co_await at_lane<Explanation>(target, std::move(call));
    auto job = [&impl, &target, seq = event.seq] { return read_trace(impl.services.log, target->id, seq); };
    auto trace = co_await impl.services.readers.run(std::move(job));
    if (!trace) co_return pass_on(trace);
    explanation.attempts = std::move(trace->attempts);
    bool const in_hand = explanation.verdict == "pending" || explanation.verdict == "in-flight";
    if (trace->letter && !in_hand) {
        explanation.verdict = "dead";
        explanation.why = trace->letter->reason + ": " + trace->letter->error;
        explanation.tries = trace->letter->attempts;
    }
    co_return explanation;
}

Result<core::Seq> position_at(events::EventLog& log, Moment const& moment, core::Seq otherwise, char const* field) {
    if (auto const* const time = std::get_if<core::Time>(&moment)) return log.before_time(*time);
    auto const* const position = std::get_if<core::Position>(&moment);
    if (position == nullptr) return otherwise;
    auto const start = events::resolve(log, *position);
    if (start.gap) return fail(ErrorCode::Conflict, "this log has no such position", field);
    return start.after;
}

Result<Stretch> find_stretch(events::EventLog& log, Moment const& since, Moment const& until) {
    auto const last = log.tail().last();
    auto const after = position_at(log, since, last, "/since");
    if (!after) return pass_on(after);
    auto const end = position_at(log, until, last, "/until");
    if (!end) return pass_on(end);
    if (*after > *end) return fail(ErrorCode::InvalidField, "until lies before since", "/until");
    Stretch stretch{.after = *after, .until = *end};
    auto const oldest = log.stats().oldest;
    if (oldest > stretch.after + 1) {
        stretch.gap = core::Gap{.from = stretch.after + 1, .to = oldest - 1, .why = "retention"};
    }
    return stretch;
}

}  // namespace

Task<Result<Stretch>> Targets::stretch(Moment since, Moment until) {
    auto job = [&] { return find_stretch(impl_->services.log, since, until); };
    co_return co_await impl_->services.readers.run(std::move(job));
}

Task<Result<TargetStatus>> Targets::status(std::string id) {
    auto const target = impl_->find(id);
    if (!target) co_return pass_on(target);
    co_return co_await status_of(*target);
}

Task<std::vector<TargetStatus>> Targets::list() {
    std::vector<TargetStatus> all;
    for (auto const& target : impl_->all()) all.push_back(co_await status_of(target));
    co_return all;
}

Task<Result<std::vector<DeadLetter>>> Targets::dead_letters(std::string id, core::Seq after, std::size_t limit) {
    auto const target = impl_->find(id);
    if (!target) co_return pass_on(target);
    auto flush = [](Lane& lane) { return lane.flush(); };
    static_cast<void>(co_await at_lane<Committed>(*target, std::move(flush)));
    auto job = [&] { return read_dead_letters(impl_->services.log, id, after, limit); };
    co_return co_await impl_->services.readers.run(std::move(job));
}

Task<Result<AttemptPage>> Targets::attempts(std::string id, std::size_t limit, std::optional<AttemptPlace> from) {
    auto const target = impl_->find(id);
    if (!target) co_return pass_on(target);
    auto flush = [](Lane& lane) { return flush_and_read_slot(lane); };
    auto const slot = co_await at_lane<std::uint64_t>(*target, std::move(flush));
    auto const place = from.value_or(AttemptPlace{.slot = slot});
    auto job = [&] { return read_attempts(impl_->services.log, id, place, limit); };
    co_return co_await impl_->services.readers.run(std::move(job));
}

Task<Result<std::vector<Explanation>>> Targets::explain(core::Seq seq) {
    if (seq == 0) co_return fail(ErrorCode::NotFound, "positions begin with 1");
    auto job = [this, seq] { return impl_->services.log.read(seq - 1, {}, {.events = 1, .until = seq}); };
    auto const page = co_await impl_->services.readers.run(std::move(job));
    if (!page) co_return pass_on(page);
    if (page->events.empty()) co_return fail(ErrorCode::NotFound, "there is no event " + std::to_string(seq));
    std::vector<Explanation> all;
    for (auto const& target : impl_->all()) {
        auto explanation = co_await explain_one(*impl_, target, page->events[0]);
        if (!explanation) co_return pass_on(explanation);
        all.push_back(*std::move(explanation));
    }
    co_return all;
}

}  // namespace macp::delivery
