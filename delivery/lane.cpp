#include "delivery/lane.hpp"

#include "core/id.hpp"
#include "core/json.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace macp::delivery {

namespace asio = boost::asio;
using async::Task;
using Answer = Lane::Answer;

namespace {

constexpr std::chrono::seconds trouble_pause{1};

}  // namespace

Lane::Lane(LaneServices services, Notices notices, LanePolicy policy, std::unique_ptr<Sink> sink, LaneRecord record)
    : services_{std::move(services)},
      notices_{std::move(notices)},
      policy_{std::move(policy)},
      selection_{std::make_shared<Selection const>(policy_.filter, notices_.target)},
      sink_{std::move(sink)},
      ledger_{
          services_.log,
          services_.clock,
          services_.executor,
          notices_.target,
          std::move(record),
          services_.pace,
          {.complete = [this](LaneRecord& draft) { complete(draft); }, .saved = [this] { saved(); }}
      },
      live_{make_live(ledger_.record().progress)},
      gate_{policy_, services_.clock.steady()},
      alarm_{services_.executor},
      calm_{services_.executor, async::Timer::time_point::max()},
      counters_{std::make_shared<LaneCounters>()},
      tasks_{services_.executor} {
    auto const now = Instant::of(services_.clock);
    gate_.breaker().restore(ledger_.record().breaker, now);
    if (ledger_.record().hold_until) gate_.hold(now.steady_at(*ledger_.record().hold_until));
    update_counters();
}

Lane::~Lane() = default;

void Lane::start() {
    tasks_.spawn(begin());
}

Task<> Lane::begin() {
    co_await asio::this_coro::throw_if_cancelled(false);
    for (bool restored = false; !restored && !closing_;) restored = co_await restore(live_, ledger_.record().progress);
    begun_ = true;
    wake();
}

Task<> Lane::stop(std::chrono::steady_clock::duration grace) {
    closing_ = true;
    for (auto* const timer : resting_) timer->cancel();
    resting_.clear();
    alarm_.cancel();
    co_await tasks_.drain(grace);
    co_await ledger_.stop();
    tell_missed();
    if (begun_) static_cast<void>(co_await ledger_.commit({}, {}, {}));
    calm_.cancel();
}

void Lane::wake() {
    if (begun_ && !closing_) wake_courier();
}

void Lane::wake_courier() {
    if (!resting_.empty()) {
        auto* const timer = resting_.back();
        resting_.pop_back();
        timer->cancel();
    } else if (couriers_ < policy_.concurrency) {
        ++couriers_;
        tasks_.spawn(courier());
    }
}

Task<> Lane::courier() {
    co_await asio::this_coro::throw_if_cancelled(false);
    async::Timer rest{services_.executor, async::Timer::time_point::max()};
    Shipment shipment;
    while (!closing_) {
        switch (next_step(shipment)) {
            case Step::Send:
                co_await ship(shipment);
                break;
            case Step::Fetch:
                co_await fetch(current());
                break;
            case Step::Open:
                co_await open_errand();
                break;
            case Step::Yield:
                co_await asio::post(services_.executor, async::nothrow);
                break;
            case Step::Rest:
                if (in_flight_ == 0) calm_.cancel();
                resting_.push_back(&rest);
                co_await rest.async_wait(async::nothrow);
                std::erase(resting_, &rest);
                break;
        }
    }
    --couriers_;
}

void Lane::rest_until(std::optional<SteadyTime> due) {
    if (!due) return;
    alarm_.expires_after(*due - services_.clock.steady());
    alarm_.async_wait([this](async::ErrorCode const& cancelled) {
        if (!cancelled) wake();
    });
}

bool Lane::stands_still() const {
    auto const& record = ledger_.record();
    return closing_ || !begun_ || !policy_.enabled || record.paused || record.disabled;
}

Lane::Step Lane::next_step(Shipment& shipment) {
    if (stands_still() || in_flight_ == policy_.concurrency) return Step::Rest;
    waits_for_ledger_ = ledger_.full();
    if (waits_for_ledger_) return Step::Rest;
    auto const now = services_.clock.steady();
    if (auto const wait = gate_.wait(now, in_flight_)) {
        rest_until(wait->until);
        return Step::Rest;
    }
    if (!errand_ && !ledger_.record().errands.empty()) {
        return in_flight_ == 0 && !fetching_ ? Step::Open : Step::Rest;
    }
    auto& stream = current();
    fill(stream);
    shipment.stream = &stream;
    shipment.entries.clear();
    if (gate_.breaker().state() == BreakerState::Open) {
        stream.docket.take_probe(shipment.entries);
    } else {
        stream.docket.take(policy_.parcel_bytes, now, shipment.entries);
    }
    if (shipment.entries.empty()) return without_parcel(stream);

    shipment.probe = gate_.pass(now);
    ++in_flight_;
    auto const more = stream.feed->more();
    bool const another = more == Feed::More::Now || more == Feed::More::OnDisk || !stream.docket.wants_more();
    if (another && in_flight_ < policy_.concurrency) wake_courier();
    return Step::Send;
}

void Lane::fill(Stream& stream) {
    while (stream.docket.wants_more()) {
        auto held = stream.feed->next();
        if (!held) break;
        stream.docket.add(std::move(held));
    }
    stream.docket.passed(stream.feed->scanned());
}

Lane::Step Lane::without_parcel(Stream& stream) {
    auto const more = stream.feed->more();
    if (stream.docket.wants_more()) {
        if (more == Feed::More::Now) return Step::Yield;
        if (more == Feed::More::OnDisk && !fetching_) return Step::Fetch;
    }
    if (stream.errand && stream.ended()) {
        close_errand();
        return Step::Yield;
    }
    if (std::exchange(noted_passed_, stream.docket.passed()) != noted_passed_) ledger_.touch(false);
    rest_until(stream.docket.due());
    return Step::Rest;
}

Task<> Lane::fetch(Stream& stream) {
    fetching_ = true;
    auto const from = stream.feed->scanned();
    auto const gap = co_await stream.feed->fetch();
    fetching_ = false;
    if (!gap) {
        co_await sit_out(gap.error());
        co_return;
    }
    in_trouble_ = false;
    if (*gap) note_missed({.from = std::max((*gap)->from, from + 1), .to = (*gap)->to, .why = (*gap)->why});
}

Task<> Lane::ship(Shipment& shipment) {
    auto const ready = co_await load_missing(shipment);
    if (!ready || shipment.entries.empty()) {
        --in_flight_;
        if (shipment.probe) gate_.breaker().abandon_probe();
        co_return;
    }
    shipment.views.clear();
    for (auto const* const entry : shipment.entries) shipment.views.push_back(entry->held.event);
    Parcel const parcel{
        .events = shipment.views,
        .number = shipment.entries.front()->open.tries + 1,
        .replay = shipment.stream->is(Errand::Kind::Replay),
    };
    auto const began = Instant::of(services_.clock);
    counters_->in_flight.store(in_flight_, std::memory_order_relaxed);
    auto const attempt = co_await sink_->send(parcel);
    --in_flight_;
    auto const state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() == asio::cancellation_type::none) {
        settle(shipment, attempt, began);
        co_return;
    }
    // Broken off by us: it says nothing of the target, and goes out again after the restart.
    if (shipment.probe) gate_.breaker().abandon_probe();
    for (auto* const entry : shipment.entries) shipment.stream->docket.put_back(*entry);
}

/// Reads again what was let go of while it waited. False when that failed: all are put back.
Task<bool> Lane::load_missing(Shipment& shipment) {
    auto& [stream, entries, views, probe] = shipment;
    for (std::size_t i = 0; i < entries.size();) {
        auto& entry = *entries[i];
        if (entry.held) {
            ++i;
            continue;
        }
        auto held = co_await stream->feed->load(entry.open.seq);
        if (!held) {
            for (auto* const each : entries) stream->docket.put_back(*each);
            co_await sit_out(held.error());
            co_return false;
        }
        if (*held) {
            entry.held = *std::move(held);
            continue;
        }
        auto const seq = entry.open.seq;
        stream->docket.done(entry);
        entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i));
        note_missed({.from = seq, .to = seq, .why = "retention"});
    }
    co_return true;
}

/// The log cannot be read for now.
Task<> Lane::sit_out(core::Error error) {
    if (!std::exchange(in_trouble_, true)) spdlog::warn("target {} waits for the log: {}", id(), error.message);
    async::Timer pause{services_.executor};
    pause.expires_after(trouble_pause);
    resting_.push_back(&pause);
    co_await pause.async_wait(async::nothrow);
    std::erase(resting_, &pause);
}

bool Lane::is_calm() {
    if (closing_) return true;
    if (!begun_ || in_flight_ != 0 || fetching_) return false;
    auto const now = services_.clock.steady();
    if (stands_still() || ledger_.full() || gate_.wait(now, 0)) return true;
    if (!errand_ && !ledger_.record().errands.empty()) return false;
    auto& stream = current();
    auto const more = stream.feed->more();
    bool const readable = more == Feed::More::Now || more == Feed::More::OnDisk;
    if (stream.docket.can_take(now) || (readable && stream.docket.wants_more())) return false;
    return !stream.errand || !stream.ended();
}

Task<> Lane::settled() {
    while (!closing_) {
        if (is_calm()) {
            if (ledger_.clean()) co_return;
            auto const saved = co_await ledger_.commit({}, {}, {});
            if (saved) continue;
        }
        co_await calm_.async_wait(async::nothrow);
    }
}

Task<Attempt> Lane::test() {
    auto const now = services_.clock.now();
    core::NewEvent event{
        .id = core::make_uuid7(now),
        .source = "/delivery",
        .type = "macp.test",
        .time = now,
        .data = R"({"target":)" + core::json_string(id()) + R"(,"message":"a test of this target"})",
    };
    events::Chunk chunk;
    chunk.append(0, event);
    core::EventView const view = chunk[0];
    Parcel const parcel{.events = std::span{&view, 1}};
    co_return co_await sink_->send(parcel);
}

}  // namespace macp::delivery
