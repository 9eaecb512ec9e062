#include "delivery/dead_letters.hpp"
#include "delivery/lane.hpp"

#include <algorithm>
#include <utility>

namespace macp::delivery {
namespace {

constexpr std::chrono::minutes between_missed{1};
constexpr std::chrono::milliseconds longest_wish = std::chrono::hours{24};

}  // namespace

void Lane::settle(Shipment& shipment, Attempt const& attempt, Instant const& began) {
    auto const now = Instant::of(services_.clock);
    auto& record = ledger_.record();
    auto const events = shipment.entries.size();
    bool const was_closed = gate_.breaker().state() == BreakerState::Closed;
    note_history(shipment, attempt, began);
    if (attempt.outcome != Outcome::Delivered) {
        counters_->failed_attempts.fetch_add(1, std::memory_order_relaxed);
        if (!record.failing_since) record.failing_since = now.wall;
    }
    if (attempt.asks_to_wait) gate_.hold(now.steady + std::min(attempt.retry_after, longest_wish));
    auto const random = services_.random();
    bool const opened = gate_.breaker().note(attempt.outcome, shipment.probe, policy_.retry, now.steady, random);
    switch (attempt.outcome) {
        case Outcome::Delivered:
            delivered(shipment, now);
            if (!was_closed) release_late();
            break;
        case Outcome::Retry:
            try_later(shipment, attempt, now);
            break;
        case Outcome::Refused:
            refused(shipment, attempt, now);
            break;
        case Outcome::Gone:
            for (auto* const entry : shipment.entries) shipment.stream->docket.put_back(*entry);
            disable("gone", now);
            break;
    }
    if (opened && !std::exchange(record.announced, true)) {
        ledger_.tell(notices_.failing(*ledger_.history().last(), *record.failing_since, now.wall));
    }
    bool const too_long = policy_.disable_after.count() != 0 && record.failing_since &&
                          now.wall - *record.failing_since >= policy_.disable_after;
    if (too_long && !record.disabled) disable("failing", now);
    if (record.dead_letters >= most_dead_letters && !record.disabled) disable("dead-letters", now);
    if (unsaid_) tell_missed();
    ledger_.count_unsaved(events);
    ledger_.touch(true);
    update_counters();
}

void Lane::note_history(Shipment const& shipment, Attempt const& attempt, Instant const& began) {
    counters_->attempts.fetch_add(1, std::memory_order_relaxed);
    for (auto const* const entry : shipment.entries) {
        ledger_.history().add({
            .seq = entry->open.seq,
            .time = began.wall,
            .took = attempt.took,
            .outcome = attempt.outcome,
            .status = attempt.status,
            .number = entry->open.tries + 1,
            .error = attempt.error,
            .answer = attempt.answer,
        });
    }
}

void Lane::delivered(Shipment& shipment, Instant const& now) {
    auto& record = ledger_.record();
    auto const last = shipment.entries.back()->open.seq;
    counters_->delivered.fetch_add(shipment.entries.size(), std::memory_order_relaxed);
    for (auto* const entry : shipment.entries) {
        if (shipment.stream->is(Errand::Kind::Redelivery)) {
            ledger_.add(erased_dead_letter(id(), entry->open.seq));
            if (record.dead_letters != 0) --record.dead_letters;
        }
        shipment.stream->docket.done(*entry);
    }
    if (std::exchange(record.announced, false)) {
        ledger_.tell(notices_.recovered(last, record.failing_since, now.wall));
    }
    record.failing_since.reset();
}

void Lane::try_later(Shipment& shipment, Attempt const& attempt, Instant const& now) {
    bool const counts = !(shipment.probe && attempt.unavailable);
    std::size_t most_counted = 1;
    for (auto* const entry : shipment.entries) {
        auto& open = entry->open;
        ++open.tries;
        if (counts) ++open.counted;
        if (!open.first_failed) open.first_failed = now.wall;
        most_counted = std::max(most_counted, open.counted);
    }
    // The same for all of them, so that they stay together.
    auto const delay = retry_delay(policy_.retry, most_counted, services_.random());
    auto const due = now.steady + std::max(delay, std::min(attempt.retry_after, longest_wish));
    for (auto* const entry : shipment.entries) {
        auto const& open = entry->open;
        bool const too_old = policy_.max_age.count() != 0 && now.wall - *open.first_failed >= policy_.max_age;
        if (open.counted > policy_.retry.count) {
            bury(shipment, *entry, "retries", attempt, now);
        } else if (too_old) {
            bury(shipment, *entry, "age", attempt, now);
        } else {
            shipment.stream->docket.put_off(*entry, due);
        }
    }
}

void Lane::refused(Shipment& shipment, Attempt const& attempt, Instant const& now) {
    bool const together = shipment.entries.size() > 1;
    for (auto* const entry : shipment.entries) {
        ++entry->open.tries;
        if (together) {  // one of them is at fault: which?
            entry->alone = true;
            shipment.stream->docket.put_back(*entry);
        } else {
            if (!entry->open.first_failed) entry->open.first_failed = now.wall;
            bury(shipment, *entry, "refused", attempt, now);
        }
    }
}

void Lane::bury(
    Shipment& shipment, Docket::Entry& entry, std::string reason, Attempt const& attempt, Instant const& now
) {
    auto& record = ledger_.record();
    auto const& event = entry.held.event;
    DeadLetter const letter{
        .seq = event.seq,
        .type = std::string{event.type},
        .reason = std::move(reason),
        .attempts = entry.open.tries,
        .status = attempt.status,
        .error = attempt.error,
        .answer = attempt.answer,
        .first_failed = entry.open.first_failed,
        .died = now.wall,
    };
    ledger_.add(dead_letter_row(id(), letter, event));
    if (!shipment.stream->is(Errand::Kind::Redelivery)) ++record.dead_letters;
    // Not of what was itself said of a delivery: two failing targets would keep each other busy for ever.
    if (!is_delivery_event(event.type)) ledger_.tell(notices_.dead_letter(letter, now.wall));
    shipment.stream->docket.done(entry);
}

void Lane::disable(std::string why, Instant const& now) {
    auto& record = ledger_.record();
    ledger_.tell(notices_.disabled(why, *ledger_.history().last(), record.failing_since, now.wall));
    record.disabled = Disabled{.since = now.wall, .why = std::move(why)};
    record.announced = true;
}

void Lane::note_missed(core::Gap const& missed) {
    if (missed.from > missed.to) return;
    auto& record = ledger_.record();
    auto const touches = [&missed](std::optional<core::Gap> const& gap) {
        return gap && missed.from <= gap->to + 1 && gap->from <= missed.to + 1;
    };
    if (unsaid_ && !touches(unsaid_)) tell_missed();
    for (auto* const gap : {&record.missed, &unsaid_}) {
        if (touches(*gap)) {
            *gap = core::Gap{
                .from = std::min((*gap)->from, missed.from), .to = std::max((*gap)->to, missed.to), .why = missed.why
            };
        } else {
            *gap = missed;
        }
    }
    auto const now = services_.clock.steady();
    // Retention goes in small steps; one event for each would be a flood.
    if (!told_missed_at_ || now - *told_missed_at_ >= between_missed) tell_missed();
    ledger_.touch(true);
}

void Lane::tell_missed() {
    if (!unsaid_) return;
    ledger_.tell(notices_.exhausted(*unsaid_, services_.clock.now()));
    unsaid_.reset();
    told_missed_at_ = services_.clock.steady();
}

void Lane::overrun(core::Gap const& missed) {
    // What is in hand is still there; what has been let go of is found missing when it is its turn.
    auto const scanned = live_.feed->scanned();
    if (missed.to <= scanned) return;
    static_cast<LogFeed&>(*live_.feed).skip_to(missed.to);
    live_.docket.passed(missed.to);
    note_missed({.from = std::max(missed.from, scanned + 1), .to = missed.to, .why = missed.why});
}

}  // namespace macp::delivery
