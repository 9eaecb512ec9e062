#include "events/row_table.hpp"

#include <array>
#include <utility>

namespace macp::events {
namespace {

std::int64_t stored(core::Time time) {
    return time.time_since_epoch().count();
}

std::int64_t length(std::string_view text) {
    return static_cast<std::int64_t>(text.size());
}

}  // namespace

core::Result<RowTable> RowTable::open(io::Database& database) {
    RowTable table;
    auto const page = database.integer("PRAGMA page_size");
    if (!page) return core::pass_on(page);
    table.page_bytes_ = *page;
    std::string const sizes = "space, length(CAST(key AS BLOB)), length(CAST(value AS BLOB))";
    auto const wanted = std::to_array<std::pair<io::Statement*, std::string>>({
        {&table.add_, "INSERT INTO rows (space, key, value, expires_us) VALUES (?1, ?2, ?3, ?4)"},
        {&table.drop_, "DELETE FROM rows WHERE space = ?1 AND key = ?2 RETURNING " + sizes},
        {&table.drop_first_,
         "DELETE FROM rows WHERE space = ?1 AND key = (SELECT min(key) FROM rows WHERE space = ?1) RETURNING " + sizes},
        {&table.drop_expired_,
         "DELETE FROM rows WHERE (space, key) IN (SELECT space, key FROM rows WHERE expires_us <= ?1 LIMIT ?2)"
         " RETURNING " +
             sizes},
        {&table.find_,
         "SELECT value FROM rows WHERE space = ?1 AND key = ?2 AND (expires_us IS NULL OR expires_us > ?3)"},
    });
    for (auto const& [statement, sql] : wanted) {
        auto prepared = database.prepare(sql);
        if (!prepared) return core::pass_on(prepared);
        *statement = *std::move(prepared);
    }
    auto all = database.prepare("SELECT " + sizes + " FROM rows");
    if (!all) return core::pass_on(all);
    for (;;) {
        auto const row = all->step();
        if (!row) return core::pass_on(row);
        if (!*row) return table;
        auto const space = all->text(0);
        auto& size = table.size_of(space);
        ++size.rows;
        size.bytes += table.cost_of(space.size(), all->integer(1), all->integer(2));
    }
}

core::Result<void> RowTable::write(Row const& row) {
    drop_.bind(1, row.space);
    drop_.bind(2, row.key);
    if (auto const dropped = run_drop(drop_); !dropped) return core::pass_on(dropped);
    if (!row.value) return {};
    add_.bind(1, row.space);
    add_.bind(2, row.key);
    add_.bind(3, *row.value);
    add_.bind_if(4, row.expires ? std::optional{stored(*row.expires)} : std::nullopt);
    if (auto const added = add_.run(); !added) return added;
    note(size_of(row.space), {.rows = 1, .bytes = cost_of(row.space.size(), length(row.key), length(*row.value))});
    return {};
}

core::Result<std::optional<std::string>> RowTable::find(std::string_view space, std::string_view key, core::Time now) {
    io::ResetLater const later{find_};
    find_.bind(1, space);
    find_.bind(2, key);
    find_.bind(3, stored(now));
    auto const row = find_.step();
    if (!row) return core::pass_on(row);
    if (!*row) return std::optional<std::string>{};
    return std::optional<std::string>{find_.text(0)};
}

core::Result<void> RowTable::trim(Trim const& bound) {
    auto const& size = size_of(bound.space);
    auto const over = [&] {
        return static_cast<std::uint64_t>(size.rows) > bound.rows ||
               static_cast<std::uint64_t>(size.bytes) > bound.bytes;
    };
    while (size.rows > 1 && over()) {
        drop_first_.bind(1, bound.space);
        auto const dropped = run_drop(drop_first_);
        if (!dropped) return core::pass_on(dropped);
        if (*dropped == 0) return core::fail(core::ErrorCode::Internal, "the rows of the log are fewer than counted");
    }
    return {};
}

core::Result<bool> RowTable::drop_expired(core::Time now, std::size_t most) {
    drop_expired_.bind(1, stored(now));
    drop_expired_.bind(2, static_cast<std::int64_t>(most));
    auto const dropped = run_drop(drop_expired_);
    if (!dropped) return core::pass_on(dropped);
    return *dropped == most;
}

/// Runs a statement that drops rows and answers their sizes. Returns how many.
core::Result<std::size_t> RowTable::run_drop(io::Statement& drop) {
    io::ResetLater const later{drop};
    for (std::size_t dropped = 0;; ++dropped) {
        auto const row = drop.step();
        if (!row) return core::pass_on(row);
        if (!*row) return dropped;
        auto const space = drop.text(0);
        note(size_of(space), {.rows = -1, .bytes = -cost_of(space.size(), drop.integer(1), drop.integer(2))});
    }
}

/// A large row goes on in pages of its own, the last of which is partly empty.
std::int64_t RowTable::cost_of(std::size_t space, std::int64_t key, std::int64_t value) const {
    constexpr std::int64_t head = 16;
    auto const bytes = head + static_cast<std::int64_t>(space) + key + value;
    if (bytes <= page_bytes_ / 4) return bytes;
    auto const beyond = bytes - page_bytes_ / 8;
    return page_bytes_ / 8 + (beyond + page_bytes_ - 1) / page_bytes_ * page_bytes_;
}

RowTable::Size& RowTable::size_of(std::string_view space) {
    auto const found = sizes_.find(space);
    return found != sizes_.end() ? found->second : sizes_.try_emplace(std::string{space}).first->second;
}

void RowTable::note(Size& size, Size by) {
    size.rows += by.rows;
    size.bytes += by.bytes;
    changes_.push_back({.of = &size, .by = by});
}

void RowTable::undo() {
    for (auto const& change : changes_) {
        change.of->rows -= change.by.rows;
        change.of->bytes -= change.by.bytes;
    }
    changes_.clear();
}

std::uint64_t RowTable::bytes() const {
    std::int64_t bytes = 0;
    for (auto const& [space, size] : sizes_) bytes += size.bytes;
    return static_cast<std::uint64_t>(bytes);
}

}  // namespace macp::events
