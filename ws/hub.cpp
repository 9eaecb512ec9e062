#include "ws/hub.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>

namespace macp::ws {

using core::Seq;

Hub::Hub(async::Shard& shard, HubServices services)
    : shard_{shard},
      services_{std::move(services)},
      sender_{services_.config.io_uring},
      processed_{services_.log.tail().last()},
      pace_{shard.executor()},
      wake_{services_.log.tail().add_wake([this] { wake(); })} {}

Hub::~Hub() = default;

void Hub::enter(Session& session) {
    session.hub_index = sessions_.size();
    sessions_.push_back(&session);
    counters_.opened.fetch_add(1, std::memory_order_relaxed);
    counters_.sessions.store(sessions_.size(), std::memory_order_relaxed);
}

void Hub::leave(Session& session) {
    auto& hole = sessions_[session.hub_index];
    hole = sessions_.back();
    hole->hub_index = session.hub_index;
    sessions_.pop_back();
    counters_.sessions.store(sessions_.size(), std::memory_order_relaxed);
}

View& Hub::acquire(Format format, core::Filter const& filter) {
    auto& [ring, ring_users] = rings_[static_cast<std::size_t>(format)];
    if (!ring) ring = std::make_unique<Ring>(format, services_.log.epoch(), processed_, services_.config.ring_bytes);
    auto& [view, users] = views_[ViewKey{format, filter.key()}];
    if (!view) {
        view = std::make_unique<View>(*ring, filter);
        if (!filter.passes_all()) filtered_.add(*view);
    }
    ++ring_users;
    ++users;
    return *view;
}

void Hub::release(View& view) {
    auto const at =
        std::ranges::find_if(views_, [&view](auto const& entry) { return entry.second.view.get() == &view; });
    auto& [ring, ring_users] = rings_[static_cast<std::size_t>(at->first.first)];
    outgoing_view_ = nullptr;
    if (--at->second.users == 0) {
        if (!view.filter().passes_all()) filtered_.remove(view);
        views_.erase(at);
    }
    if (--ring_users == 0) ring.reset();
}

Outgoing& Hub::outgoing(View const& view, Format format, Seq cursor) {
    if (outgoing_view_ != &view || outgoing_cursor_ != cursor) {
        outgoing_.gather(view, format, cursor);
        outgoing_view_ = &view;
        outgoing_cursor_ = cursor;
    }
    return outgoing_;
}

void Hub::wake() {
    if (scheduled_.exchange(true, std::memory_order_acq_rel)) return;  // a turn is coming that will see this too
    boost::asio::post(shard_.context(), [this] { take_new(); });
}

void Hub::take_new() {
    auto const interval = std::chrono::duration<double, std::milli>{services_.config.flush_interval_ms};
    auto const waited = std::chrono::steady_clock::now() - flush_ended_;
    if (interval.count() > 0 && waited < interval) {
        pace_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(interval - waited));
        pace_.async_wait([this](async::ErrorCode const& ec) {
            if (ec) return;
            flush_ended_ = {};
            take_new();
        });
        return;  // still scheduled: nobody posts another turn
    }

    scheduled_.store(false, std::memory_order_release);
    auto& tail = services_.log.tail();
    auto const chunks = tail.after(processed_);
    if (chunks.empty() && tail.last() > processed_) restart_at(tail.last());
    for (auto const& chunk : chunks) pass_on(*chunk);
    counters_.processed.store(processed_, std::memory_order_relaxed);
    flush();
    if (interval.count() > 0) flush_ended_ = std::chrono::steady_clock::now();
}

void Hub::pass_on(events::Chunk const& chunk) {
    outgoing_view_ = nullptr;
    for (auto index = chunk.index_after(processed_); index < chunk.size(); ++index) {
        auto const event = chunk[index];
        for (auto& [ring, users] : rings_) {
            if (ring) ring->append(event);
        }
        filtered_.deliver(event);
        processed_ = event.seq;
        counters_.events.fetch_add(1, std::memory_order_relaxed);
    }
}

/// This shard has been away for longer than the tail reaches back: everyone reads the log for a while.
void Hub::restart_at(Seq last) {
    outgoing_view_ = nullptr;
    processed_ = last;
    for (auto& [ring, users] : rings_) {
        if (ring) ring->reset(last);
    }
    for (auto& [key, shared] : views_) shared.view->reset(last);
}

void Hub::flush() {
    counters_.flushes.fetch_add(1, std::memory_order_relaxed);
    // By index: a session that fails here leaves only later, in a turn of its own.
    for (auto* const session : sessions_) {
        if (!sender_.uses_io_uring() || !session->is_ready()) {
            session->pump();
            continue;
        }
        bool const same = outgoing_view_ == session->view() && outgoing_cursor_ == session->cursor();
        if (!same || sender_.full()) flush_batch();
        auto& share = outgoing(*session->view(), session->format(), session->cursor());
        if (share.empty()) {
            session->sent(share, 0);
        } else {
            sender_.add(session->fd(), session, share);
        }
    }
    flush_batch();
}

void Hub::flush_batch() {
    if (!sender_.uses_io_uring()) return;
    unfinished_.clear();
    for (auto const& outcome : sender_.flush()) {
        auto& session = *static_cast<Session*>(outcome.owner);
        session.sent(outgoing_, outcome.sent);
        if (session.is_ready() && session.cursor() < session.view()->last()) unfinished_.push_back(&session);
    }
    for (auto* const session : unfinished_) session->pump();  // gathers anew, so only now
}

void Hub::drain() {
    auto const all = sessions_;
    for (auto* const session : all) session->close(CloseCode::GoingAway, "the gateway is going away");
}

void Hub::recheck_access() {
    if (!services_.still_valid) return;
    auto const all = sessions_;
    for (auto* const session : all) {
        if (!services_.still_valid(session->peer().caller)) session->close(CloseCode::Policy, "the token was revoked");
    }
}

std::vector<SessionStats> Hub::sessions() const {
    std::vector<SessionStats> all;
    all.reserve(sessions_.size());
    for (auto const* const session : sessions_) {
        if (!session->subscribed()) continue;
        auto const last = services_.log.tail().last();
        auto const cursor = session->cursor();
        all.push_back({
            .peer = session->peer(),
            .format = session->format(),
            .cursor = cursor,
            .lag_events = last > cursor ? last - cursor : 0,
            .catching_up = session->catching_up(),
        });
    }
    return all;
}

}  // namespace macp::ws
