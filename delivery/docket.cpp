#include "delivery/docket.hpp"

#include <algorithm>

namespace macp::delivery {

bool Docket::wants_more() {
    if (ordering_ == Ordering::Target) return entries_.size() < parcel_events_ && in_flight_ == 0;
    static_cast<void>(next_ready());  // drops what is no longer ready
    return ready_.size() < parcel_events_ && entries_.size() < most_open;
}

void Docket::add(Held held) {
    Entry entry;
    entry.open.seq = held.event.seq;
    entry.bytes = held.event.text.size();
    entry.held = std::move(held);
    insert(std::move(entry));
}

void Docket::restore(OpenEvent open, Held held, Instant const& now) {
    Entry entry;
    auto const next = open.next;
    auto const seq = open.seq;
    if (open.tries != 0) done_high_ = std::max(done_high_, seq);
    entry.open = std::move(open);
    entry.bytes = held.event.text.size();
    entry.held = std::move(held);
    insert(std::move(entry));
    auto& added = entries_.at(seq);
    if (next && added.state == State::Ready) make_late(added, now.steady_at(*next));
}

void Docket::insert(Entry entry) {
    auto const seq = entry.open.seq;
    if (ordering_ == Ordering::Subject) entry.subject = entry.held.event.subject;
    auto& added = entries_.emplace_hint(entries_.end(), seq, std::move(entry))->second;
    passed_ = std::max(passed_, seq);
    if (ordering_ == Ordering::Subject) {
        auto& line = lines_[added.subject];
        line.push_back(seq);
        if (line.size() > 1) {
            added.state = State::Blocked;
            keep_waiting(added);
            return;
        }
    }
    make_ready(added);
}

void Docket::passed(core::Seq seq) {
    passed_ = std::max(passed_, seq);
}

void Docket::make_ready(Entry& entry) {
    entry.state = State::Ready;
    ready_.push(entry.open.seq);
}

void Docket::make_late(Entry& entry, SteadyTime due) {
    // What it leaves in the queue of those ready is passed over there by its state.
    entry.state = State::Late;
    entry.due = due;
    late_.emplace(due, entry.open.seq);
}

/// Lets go of the chunk: a copy is enough, as long as there is room for copies.
void Docket::keep_waiting(Entry& entry) {
    if (!entry.held || entry.copied != 0) return;
    if (copied_ + entry.bytes > copy_bytes) {
        entry.held = {};
        return;
    }
    entry.held = copy_of(entry.held.event);
    entry.copied = entry.bytes;
    copied_ += entry.copied;
}

void Docket::promote_late(SteadyTime now) {
    while (!late_.empty() && late_.begin()->first <= now) {
        auto const seq = late_.begin()->second;
        late_.erase(late_.begin());
        make_ready(entries_.at(seq));
    }
}

Docket::Entry* Docket::next_ready() {
    for (; !ready_.empty(); ready_.pop()) {
        auto const found = entries_.find(ready_.top());
        if (found == entries_.end() || found->second.state != State::Ready) continue;
        // In order of the target nothing overtakes an earlier one.
        bool const first = found == entries_.begin() || std::prev(found)->second.state == State::InFlight;
        return ordering_ != Ordering::Target || first ? &found->second : nullptr;
    }
    return nullptr;
}

void Docket::start(Entry& entry, std::vector<Entry*>& parcel) {
    entry.state = State::InFlight;
    ++in_flight_;
    parcel.push_back(&entry);
}

void Docket::take(std::size_t most_bytes, SteadyTime now, std::vector<Entry*>& parcel) {
    promote_late(now);
    if (ordering_ == Ordering::Target && in_flight_ != 0) return;
    std::size_t bytes = 0;
    while (parcel.size() < parcel_events_) {
        auto* const entry = next_ready();
        if (entry == nullptr) return;
        bytes += entry->bytes;
        bool const too_many = entry->alone || bytes > most_bytes;
        if (!parcel.empty() && too_many) return;
        ready_.pop();
        start(*entry, parcel);
        if (entry->alone) return;
    }
}

void Docket::take_probe(std::vector<Entry*>& parcel) {
    auto const free = [](auto const& item) {
        return item.second.state == State::Ready || item.second.state == State::Late;
    };
    auto const found = std::ranges::find_if(entries_, free);
    if (found == entries_.end()) return;
    auto& entry = found->second;
    if (entry.state == State::Late) late_.erase({entry.due, entry.open.seq});
    start(entry, parcel);
}

void Docket::done(Entry& entry) {
    auto const seq = entry.open.seq;
    auto const subject = std::move(entry.subject);
    done_high_ = std::max(done_high_, seq);
    copied_ -= entry.copied;
    --in_flight_;
    entries_.erase(seq);
    if (ordering_ == Ordering::Subject) unblock_next(subject);
}

void Docket::unblock_next(std::string const& subject) {
    auto const line = lines_.find(subject);
    line->second.pop_front();
    if (line->second.empty()) {
        lines_.erase(line);
        return;
    }
    auto& next = entries_.at(line->second.front());
    make_ready(next);
}

void Docket::put_off(Entry& entry, SteadyTime due) {
    --in_flight_;
    if (entry.open.tries != 0) done_high_ = std::max(done_high_, entry.open.seq);
    keep_waiting(entry);
    if (due == SteadyTime::min()) {
        make_ready(entry);
    } else {
        make_late(entry, due);
    }
}

void Docket::release_late() {
    promote_late(SteadyTime::max());
}

std::optional<SteadyTime> Docket::due() const {
    if (late_.empty()) return std::nullopt;
    return late_.begin()->first;
}

bool Docket::can_take(SteadyTime now) const {
    auto const ready = [now](auto const& item) {
        auto const& entry = item.second;
        return entry.state == State::Ready || (entry.state == State::Late && entry.due <= now);
    };
    if (ordering_ == Ordering::Target) return !entries_.empty() && ready(*entries_.begin());
    return std::ranges::any_of(entries_, ready);
}

Docket::Entry const* Docket::find(core::Seq seq) const {
    auto const found = entries_.find(seq);
    return found == entries_.end() ? nullptr : &found->second;
}

Progress Docket::progress(Instant const& now) const {
    Progress progress{.after = passed_};
    for (auto const& [seq, entry] : entries_) {
        if (seq > done_high_) {  // neither this nor any later one has been tried: they are read again
            progress.after = seq - 1;
            break;
        }
        progress.open.push_back(entry.open);
        progress.open.back().next.reset();
        if (entry.state == State::Late) progress.open.back().next = now.wall_at(entry.due);
    }
    progress.after = std::max(progress.after, done_high_);
    return progress;
}

}  // namespace macp::delivery
