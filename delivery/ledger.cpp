#include "delivery/ledger.hpp"

#include <boost/asio/this_coro.hpp>
#include <spdlog/spdlog.h>

#include <utility>

namespace macp::delivery {
namespace {

using async::Task;
using std::chrono::steady_clock;

constexpr std::chrono::seconds again_after_trouble{1};

}  // namespace

Ledger::Ledger(
    events::EventLog& log, core::Clock const& clock, async::Executor executor, std::string target, LaneRecord record,
    Pace pace, Hooks hooks
)
    : log_{log},
      clock_{clock},
      target_{std::move(target)},
      record_{std::move(record)},
      pace_{pace},
      hooks_{std::move(hooks)},
      history_{target_, record_.history_slot},
      timer_{executor},
      turn_{executor},
      tasks_{executor} {}

void Ledger::touch(bool urgent) {
    bool const sooner = urgent && !urgent_;
    dirty_ = true;
    urgent_ = urgent_ || urgent;
    if (stopped_) return;
    if (saving_) {
        if (sooner && !trouble_) timer_.cancel();
        return;
    }
    saving_ = true;
    tasks_.spawn(save_in_background());
}

steady_clock::duration Ledger::next_save_in() const {
    if (trouble_) return again_after_trouble;
    return saved_at_ + (urgent_ ? pace_.urgent : pace_.lazy) - steady_clock::now();
}

Task<> Ledger::save_in_background() {
    co_await async::asio::this_coro::throw_if_cancelled(false);
    while (dirty_ && !stopped_) {
        // Looked at again after each wait: something urgent may have come.
        auto const wait = next_save_in();
        if (wait > steady_clock::duration::zero()) {
            timer_.expires_after(wait);
            auto const [cancelled] = co_await timer_.async_wait(async::nothrow);
            if (cancelled || stopped_) continue;
        }
        static_cast<void>(co_await commit({}, {}, {}));
    }
    saving_ = false;
}

events::Commit Ledger::build(Edit const& edit, std::vector<events::Row> rows) {
    auto const now = clock_.now();
    events::Commit commit{.events = events_, .rows = std::move(rows)};
    commit.rows.insert(commit.rows.end(), rows_.begin(), rows_.end());
    drafted_slot_ = history_.write(commit.rows, now);
    auto draft = record_;
    hooks_.complete(draft);
    if (edit) edit(draft);
    draft.history_slot = drafted_slot_;
    commit.cursors.push_back({.name = cursor_name(target_), .value = to_text(draft), .holds = draft.holds()});
    return commit;
}

void Ledger::committed(Edit const& edit, std::size_t rows, std::size_t events) {
    if (edit) edit(record_);
    record_.history_slot = drafted_slot_;
    history_.written();
    rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(rows));
    events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(events));
}

Task<Ledger::Answer> Ledger::commit(Edit edit, MaybeOnce once, std::vector<events::Row> rows) {
    co_await turn_.enter();
    if (retired_) {
        turn_.leave();
        co_return core::fail(core::ErrorCode::NotFound, "the target has been deleted");
    }
    auto const own_rows = rows_.size();
    auto const own_events = events_.size();
    auto commit = build(edit, std::move(rows));
    commit.once = std::move(once);
    auto const settled = std::exchange(unsaved_, 0);
    dirty_ = false;
    urgent_ = false;
    auto answer = co_await log_.commit(std::move(commit));

    bool const done = answer && !answer->existing;
    if (done) {
        committed(edit, own_rows, own_events);
        if (trouble_) spdlog::info("target {}: its cursor is saved again", target_);
    } else {
        dirty_ = true;
        urgent_ = true;
        unsaved_ += settled;
        if (!answer && !trouble_) spdlog::warn("target {} waits for the log: {}", target_, answer.error().message);
    }
    if (done || !answer) trouble_ = !answer.has_value();
    saved_at_ = steady_clock::now();
    turn_.leave();
    hooks_.saved();
    if (dirty_) touch(urgent_);
    co_return answer;
}

Task<Ledger::Answer> Ledger::retire(MaybeOnce once, std::vector<events::Row> rows) {
    co_await turn_.enter();
    events::Commit commit{.rows = std::move(rows), .once = std::move(once)};
    commit.cursors.push_back({.name = cursor_name(target_), .erase = true});
    auto answer = co_await log_.commit(std::move(commit));
    if (answer && !answer->existing) {
        retired_ = true;
        stopped_ = true;
    }
    turn_.leave();
    co_return answer;
}

Task<> Ledger::stop() {
    stopped_ = true;
    timer_.cancel();
    co_await tasks_.drain(std::chrono::hours{1});
}

}  // namespace macp::delivery
