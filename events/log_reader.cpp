#include "events/log_reader.hpp"

#include "events/log_query.hpp"

#include <algorithm>
#include <array>

namespace macp::events {
namespace {

constexpr int busy_ms = 5000;

std::int64_t stored(core::Seq seq) {
    return static_cast<std::int64_t>(std::min<core::Seq>(seq, INT64_MAX));
}
std::int64_t stored(core::Time time) {
    return time.time_since_epoch().count();
}

/// Ends the read transaction with the scope.
class EndLater {
public:
    explicit EndLater(io::Statement& end) : end_{end} {}
    EndLater(EndLater const&) = delete;
    EndLater& operator=(EndLater const&) = delete;
    ~EndLater() { [[maybe_unused]] auto const ended = end_.run(); }

private:
    io::Statement& end_;
};

}  // namespace

core::Result<std::unique_ptr<LogReader>> LogReader::open(
    std::filesystem::path const& path, Names const& sources, Names const& types
) {
    auto database = io::Database::open(path, io::Database::Mode::ReadOnly, busy_ms);
    if (!database) return core::pass_on(database);
    std::unique_ptr<LogReader> reader{new LogReader{*std::move(database), sources, types}};
    auto const columns = std::string{LogQuery::columns};
    auto const wanted = std::to_array<std::pair<io::Statement*, std::string>>({
        {&reader->begin_, "BEGIN"},
        {&reader->end_, "COMMIT"},
        {&reader->oldest_, "SELECT min(seq) FROM events"},
        {&reader->scan_, "SELECT " + columns + " FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq"},
        {&reader->by_seq_, "SELECT " + columns + " FROM events WHERE seq = ?1"},
    });
    for (auto const& [statement, sql] : wanted) {
        auto prepared = reader->database_.prepare(sql);
        if (!prepared) return core::pass_on(prepared);
        *statement = *std::move(prepared);
    }
    return reader;
}

/// One walk over candidates, filling a page within its limits.
class LogReader::Scan {
public:
    Scan(LogQuery& query, ReadLimits const& limits, Page& page) : query_{query}, limits_{limits}, page_{page} {}

    /// True when the page is full: the walk ends here.
    bool look_at(io::Statement const& row) {
        page_.scanned = static_cast<core::Seq>(row.integer(0));
        if (query_.pick(row, event_)) page_.events.append(page_.scanned, event_);
        return page_.events.size() >= limits_.events || page_.events.bytes() >= limits_.bytes ||
               ++looked_at_ >= limits_.scan;
    }

private:
    LogQuery& query_;
    ReadLimits const& limits_;
    Page& page_;
    core::NewEvent event_{};
    std::size_t looked_at_ = 0;
};

core::Result<Page> LogReader::page(
    core::Seq after, core::Filter const& filter, ReadLimits const& limits, core::Seq last
) {
    auto const sources = sources_.pin();
    auto const types = types_.pin();
    if (auto const begun = begin_.run(); !begun) return core::pass_on(begun);
    EndLater const later{end_};
    auto page = read_snapshot(after, filter, limits, last);
    if (page) page->end = page->scanned >= std::min(last, limits.until.value_or(last));
    return page;
}

core::Result<Page> LogReader::read_snapshot(
    core::Seq after, core::Filter const& filter, ReadLimits const& limits, core::Seq last
) {
    Page page{.scanned = after};
    auto const upto = std::min(last, limits.until.value_or(last));
    if (upto <= after) return page;
    auto gap = gap_in(after, upto);
    if (!gap) return core::pass_on(gap);
    page.gap = *std::move(gap);

    LogQuery query{filter, sources_, types_};
    Scan scan{query, limits, page};
    core::Result<bool> full = false;
    if (!query.hopeless()) {
        full = query.candidates().empty() ? walk_all(scan, after, upto) : walk_candidates(query, scan, after, upto);
    }
    if (!full) return core::pass_on(full);
    if (!*full) page.scanned = upto;
    return page;
}

core::Result<std::optional<core::Gap>> LogReader::gap_in(core::Seq after, core::Seq upto) {
    io::ResetLater const later{oldest_};
    if (auto const row = oldest_.step(); !row) return core::pass_on(row);
    auto const oldest = static_cast<core::Seq>(oldest_.integer(0));
    if (after + 1 >= oldest) return std::nullopt;
    return core::Gap{.from = after + 1, .to = std::min(oldest - 1, upto), .why = "retention"};
}

core::Result<bool> LogReader::walk_all(Scan& scan, core::Seq after, core::Seq upto) {
    io::ResetLater const later{scan_};
    scan_.bind(1, stored(after));
    scan_.bind(2, stored(upto));
    for (;;) {
        auto const row = scan_.step();
        if (!row) return core::pass_on(row);
        if (!*row) return false;
        if (scan.look_at(scan_)) return true;
    }
}

core::Result<bool> LogReader::walk_candidates(LogQuery const& query, Scan& scan, core::Seq after, core::Seq upto) {
    auto candidates = database_.prepare(query.candidates());
    if (!candidates) return core::pass_on(candidates);
    candidates->bind(1, stored(after));
    candidates->bind(2, stored(upto));
    query.bind(*candidates);
    for (;;) {
        auto const next = candidates->step();
        if (!next) return core::pass_on(next);
        if (!*next) return false;
        io::ResetLater const later{by_seq_};
        by_seq_.bind(1, candidates->integer(0));
        auto const row = by_seq_.step();
        if (!row) return core::pass_on(row);
        if (*row && scan.look_at(by_seq_)) return true;
    }
}

core::Result<core::Seq> LogReader::before_time(core::Time time, core::Seq last) {
    // Producers' clocks differ: of the first that are new enough by time, the first in the log.
    auto found = database_.prepare(
        "SELECT min(seq) FROM (SELECT seq FROM events WHERE time_us >= ?1 ORDER BY time_us, seq LIMIT 10000)"
    );
    if (!found) return core::pass_on(found);
    found->bind(1, stored(time));
    auto const row = found->step();
    if (!row) return core::pass_on(row);
    return found->is_null(0) ? last : static_cast<core::Seq>(found->integer(0)) - 1;
}

core::Result<std::optional<std::string>> LogReader::row(std::string_view space, std::string_view key, core::Time now) {
    auto found = database_.prepare(
        "SELECT value FROM rows WHERE space = ?1 AND key = ?2 AND (expires_us IS NULL OR expires_us > ?3)"
    );
    if (!found) return core::pass_on(found);
    found->bind(1, space);
    found->bind(2, key);
    found->bind(3, stored(now));
    auto const row = found->step();
    if (!row) return core::pass_on(row);
    if (!*row) return std::optional<std::string>{};
    return std::optional<std::string>{found->text(0)};
}

core::Result<std::vector<Row>> LogReader::rows(
    std::string_view space, std::string_view after, std::size_t limit, std::size_t max_bytes, core::Time now
) {
    auto found = database_.prepare(
        "SELECT key, value, expires_us FROM rows WHERE space = ?1 AND key > ?2 AND (expires_us IS NULL OR"
        " expires_us > ?3) ORDER BY key"
    );
    if (!found) return core::pass_on(found);
    found->bind(1, space);
    found->bind(2, after);
    found->bind(3, stored(now));
    std::vector<Row> rows;
    std::size_t bytes = 0;
    while (rows.size() < limit && bytes < max_bytes) {
        auto const next = found->step();
        if (!next) return core::pass_on(next);
        if (!*next) break;
        Row row{.space = std::string{space}, .key = std::string{found->text(0)}, .value = std::string{found->text(1)}};
        if (!found->is_null(2)) row.expires = core::Time{std::chrono::microseconds{found->integer(2)}};
        bytes += row.value->size();
        rows.push_back(std::move(row));
    }
    return rows;
}

core::Result<std::optional<std::string>> LogReader::cursor(std::string_view name) {
    auto found = database_.prepare("SELECT value FROM cursors WHERE name = ?1");
    if (!found) return core::pass_on(found);
    found->bind(1, name);
    auto const row = found->step();
    if (!row) return core::pass_on(row);
    if (!*row) return std::optional<std::string>{};
    return std::optional<std::string>{found->text(0)};
}

core::Result<std::vector<CursorMove>> LogReader::cursors(std::string_view prefix) {
    auto found = database_.prepare("SELECT name, value, holds FROM cursors WHERE name >= ?1 ORDER BY name");
    if (!found) return core::pass_on(found);
    found->bind(1, prefix);
    std::vector<CursorMove> cursors;
    for (;;) {
        auto const row = found->step();
        if (!row) return core::pass_on(row);
        if (!*row || !found->text(0).starts_with(prefix)) return cursors;
        CursorMove cursor{.name = std::string{found->text(0)}, .value = std::string{found->text(1)}};
        if (!found->is_null(2)) cursor.holds = static_cast<core::Seq>(found->integer(2));
        cursors.push_back(std::move(cursor));
    }
}

core::Result<std::unique_ptr<LogReader>> ReaderPool::borrow() {
    {
        std::scoped_lock const lock{mutex_};
        if (!idle_.empty()) {
            auto reader = std::move(idle_.back());
            idle_.pop_back();
            return reader;
        }
    }
    return LogReader::open(path_, sources_, types_);
}

void ReaderPool::give_back(std::unique_ptr<LogReader> reader) {
    std::scoped_lock const lock{mutex_};
    idle_.push_back(std::move(reader));
}

}  // namespace macp::events
