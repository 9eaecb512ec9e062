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

Retention::Retention(io::Database& database, RowTable& rows, Names& sources, Names& types, Bounds bounds)
    : database_{&database},
      rows_{&rows},
      bounds_{bounds},
      sources_{
          .names = &sources,
          .drop_sql = "DELETE FROM sources WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM events WHERE source_id = ?1)"
      },
      types_{
          .names = &types,
          .drop_sql = "DELETE FROM types WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM events WHERE type_id = ?1)"
      } {}

core::Result<Retention> Retention::open(
    io::Database& database, RowTable& rows, Names& sources, Names& types, Bounds bounds
) {
    Retention retention{database, rows, sources, types, bounds};
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
        if (!ended) done = core::pass_on(ended);
    }
    if (!done) {
        database_->roll_back();
        rows_->undo();
        std::tie(oldest_, mark_) = before;
        return done;
    }
    rows_->keep();
    drop_names(sources_);
    drop_names(types_);
    return done;
}

core::Result<Retention::Step> Retention::run_step(core::Time now, core::Seq last) {
    auto const expired = rows_->drop_expired(now, step_rows);
    if (!expired) return core::pass_on(expired);
    Step step{.more = *expired};
    if (last == 0) return step;

    if (auto const marked = mark(now, last); !marked) return core::pass_on(marked);
    auto const by_age = too_old(now);
    if (!by_age) return core::pass_on(by_age);
    auto const bytes = live_bytes();
    if (!bytes) return core::pass_on(bytes);
    auto const by_bytes = too_much(*bytes - std::min(*bytes, rows_->bytes()), last);
    auto const wanted = std::min(std::max(by_bytes, *by_age), last - 1);
    auto const upto = std::min(wanted, oldest_ + step_rows - 1);
    if (upto < oldest_) return step;
    auto overruns = overrun_by(upto);
    if (!overruns) return core::pass_on(overruns);
    step.overruns = *std::move(overruns);
    if (auto const dropped = drop_events(upto); !dropped) return core::pass_on(dropped);
    oldest_ = upto + 1;
    step.more = step.more || upto < wanted || by_bytes != 0;  // bytes are counted anew
    return step;
}

core::Result<void> Retention::drop_events(core::Seq upto) {
    auto drop = database_->prepare("DELETE FROM events WHERE seq <= ?1 RETURNING source_id, type_id");
    if (!drop) return core::pass_on(drop);
    drop->bind(1, static_cast<std::int64_t>(upto));
    for (;;) {
        auto const row = drop->step();
        if (!row) return core::pass_on(row);
        if (!*row) break;
        sources_.ids.insert(drop->integer(0));
        types_.ids.insert(drop->integer(1));
    }
    // Marks up to the new oldest event have nothing before them any more.
    return database_->run("DELETE FROM marks WHERE seq <= " + number(upto + 1));
}

/// In a transaction of its own, while nobody reads a page; else, and when it fails, the next step tries again.
void Retention::drop_names(Orphans& orphans) {
    if (orphans.ids.empty()) return;
    auto const alone = orphans.names->try_alone();
    if (!alone || !database_->run("BEGIN IMMEDIATE")) return;
    auto const dropped = drop_orphans(orphans);
    if (!dropped || !database_->run("COMMIT")) return database_->roll_back();
    orphans.names->forget(*dropped);
    orphans.ids.clear();
}

core::Result<std::vector<Names::Id>> Retention::drop_orphans(Orphans const& orphans) {
    auto drop = database_->prepare(orphans.drop_sql);
    if (!drop) return core::pass_on(drop);
    std::vector<Names::Id> dropped;
    for (auto const id : orphans.ids) {
        drop->bind(1, id);
        if (auto const done = drop->run(); !done) return core::pass_on(done);
        if (database_->changes() != 0) dropped.push_back(id);
    }
    return dropped;
}

core::Result<void> Retention::mark(core::Time now, core::Seq last) {
    if (bounds_.max_age.count() == 0 && bounds_.max_bytes == 0) return {};  // nobody will ask
    if (mark_.time > now) {  // the clock was ahead: what came then must not wait for that time to come again
        auto const at = number(now.time_since_epoch().count());
        auto const set_back = database_->run("UPDATE marks SET time_us = " + at + " WHERE time_us > " + at);
        if (!set_back) return set_back;
        mark_.time = now;
    }
    bool const due = last + 1 > mark_.seq && now >= mark_.time + mark_interval(bounds_.max_age);
    if (!due) return {};
    Mark const next{.seq = last + 1, .time = now};
    auto const added = database_->run(
        "INSERT INTO marks VALUES (" + number(next.seq) + ", " + number(now.time_since_epoch().count()) + ")"
    );
    if (added) mark_ = next;
    return added;
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
