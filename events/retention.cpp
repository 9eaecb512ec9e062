#include "events/retention.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace macp::events {
namespace {

/// Rows dropped in one go: a commit never waits longer than these take.
constexpr core::Seq step_rows = 2000;

std::string number(std::int64_t value) {
    return std::to_string(value);
}
std::string number(core::Seq value) {
    return std::to_string(value);
}

/// Between two marks: fine enough for the age asked for, coarse enough to be nothing.
std::chrono::microseconds mark_interval(std::chrono::microseconds max_age) {
    constexpr std::chrono::microseconds least = std::chrono::milliseconds{100};
    constexpr std::chrono::microseconds most = std::chrono::minutes{1};
    return max_age.count() == 0 ? most : std::clamp(max_age / 100, least, most);
}

}  // namespace

core::Result<Retention> Retention::open(io::Database& database, Bounds bounds) {
    Retention retention{database, bounds};
    auto const oldest = database.integer("SELECT min(seq) FROM events");
    if (!oldest) return core::pass_on(oldest);
    retention.oldest_ = static_cast<core::Seq>(*oldest);
    auto const seq = database.integer("SELECT max(seq) FROM marks");
    if (!seq) return core::pass_on(seq);
    auto const time = database.integer("SELECT time_us FROM marks ORDER BY seq DESC LIMIT 1");
    if (!time) return core::pass_on(time);
    retention.mark_ = {.seq = static_cast<core::Seq>(*seq), .time = core::Time{std::chrono::microseconds{*time}}};
    return retention;
}

core::Result<Retention::Step> Retention::step(core::Time now, core::Seq last) {
    if (auto const begun = database_->run("BEGIN IMMEDIATE"); !begun) return core::pass_on(begun);
    auto const before = std::pair{oldest_, mark_};
    auto done = run_step(now, last);
    if (done) {
        auto const ended = database_->run("COMMIT");
        if (ended) return done;
        done = core::pass_on(ended);
    }
    database_->roll_back();
    std::tie(oldest_, mark_) = before;
    return done;
}

core::Result<Retention::Step> Retention::run_step(core::Time now, core::Seq last) {
    auto const expired = database_->run(
        "DELETE FROM rows WHERE (space, key) IN (SELECT space, key FROM rows WHERE expires_us <= " +
        number(now.time_since_epoch().count()) + " LIMIT " + number(step_rows) + ")"
    );
    if (!expired) return core::pass_on(expired);
    Step step{.more = database_->changes() == static_cast<std::int64_t>(step_rows)};
    if (last == 0) return step;

    auto const marked = mark(now, last);
    if (!marked) return core::pass_on(marked);
    auto const by_age = too_old(now);
    if (!by_age) return core::pass_on(by_age);
    auto const bytes = live_bytes();
    if (!bytes) return core::pass_on(bytes);
    auto const by_bytes = too_much(*bytes, last);
    auto const wanted = std::min(std::max(by_bytes, *by_age), last - 1);
    auto const upto = std::min(wanted, oldest_ + step_rows - 1);
    if (upto < oldest_) return step;
    auto overruns = overrun_by(upto);
    if (!overruns) return core::pass_on(overruns);
    step.overruns = *std::move(overruns);
    // Marks up to the new oldest event have nothing before them any more.
    auto const dropped = database_->run(
        "DELETE FROM events WHERE seq <= " + number(upto) + "; DELETE FROM marks WHERE seq <= " + number(upto + 1)
    );
    if (!dropped) return core::pass_on(dropped);
    oldest_ = upto + 1;
    step.more = step.more || upto < wanted || by_bytes != 0;  // bytes are counted anew
    return step;
}

core::Result<Retention::Mark> Retention::mark(core::Time now, core::Seq last) {
    bool const due = last + 1 > mark_.seq && now >= mark_.time + mark_interval(bounds_.max_age);
    if (!due) return mark_;
    Mark const next{.seq = last + 1, .time = now};
    auto const added = database_->run(
        "INSERT INTO marks VALUES (" + number(next.seq) + ", " + number(now.time_since_epoch().count()) + ")"
    );
    if (!added) return core::pass_on(added);
    mark_ = next;
    return mark_;
}

/// The last position that is over the age and that no cursor holds; 0 when there is none.
core::Result<core::Seq> Retention::too_old(core::Time now) {
    if (bounds_.max_age.count() == 0) return 0;
    auto const limit = (now - bounds_.max_age).time_since_epoch().count();
    auto const next = database_->integer("SELECT max(seq) FROM marks WHERE time_us <= " + number(limit));
    if (!next) return core::pass_on(next);
    if (*next <= 1) return 0;
    auto const free = database_->integer("SELECT coalesce(min(holds), " + number(*next - 1) + ") FROM cursors");
    if (!free) return core::pass_on(free);
    return static_cast<core::Seq>(std::max(std::min(*next - 1, *free), std::int64_t{0}));
}

/// The last position to drop for the bound on bytes; 0 when it holds. By the average event, so that it is neared from
/// above and not overshot.
core::Seq Retention::too_much(std::uint64_t bytes, core::Seq last) const {
    if (bounds_.max_bytes == 0 || bytes <= bounds_.max_bytes) return 0;
    auto const kept = static_cast<double>(last - oldest_ + 1);
    auto const over = static_cast<double>(bytes - bounds_.max_bytes) / static_cast<double>(bytes);
    return oldest_ + static_cast<core::Seq>(kept * over);
}

core::Result<std::vector<Overrun>> Retention::overrun_by(core::Seq upto) {
    auto held = database_->prepare("SELECT name, holds FROM cursors WHERE holds < " + number(upto) + " ORDER BY name");
    if (!held) return core::pass_on(held);
    std::vector<Overrun> overruns;
    for (;;) {
        auto const row = held->step();
        if (!row) return core::pass_on(row);
        if (!*row) return overruns;
        auto const seen = static_cast<core::Seq>(held->integer(1));
        core::Gap missed{.from = std::max(seen + 1, oldest_), .to = upto, .why = "retention"};
        overruns.push_back({.cursor = std::string{held->text(0)}, .missed = std::move(missed)});
    }
}

core::Result<std::uint64_t> Retention::live_bytes() const {
    auto const count = database_->integer("PRAGMA page_count");
    if (!count) return core::pass_on(count);
    auto const free = database_->integer("PRAGMA freelist_count");
    if (!free) return core::pass_on(free);
    auto const size = database_->integer("PRAGMA page_size");
    if (!size) return core::pass_on(size);
    return static_cast<std::uint64_t>((*count - *free) * *size);
}

}  // namespace macp::events
