#include "events/schema.hpp"

#include "core/id.hpp"

#include <string_view>

namespace macp::events {
namespace {

constexpr int format_version = 1;

// The unique index drops repeats; (type_id, seq) and (subject, seq) make filtered reads walk matches only; time_us
// finds a start. `marks` says when the log had come to which position: age goes by it, not by producers' clocks.
constexpr std::string_view tables = R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE types (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    source_id INTEGER NOT NULL,
    type_id INTEGER NOT NULL,
    id TEXT NOT NULL,
    subject TEXT,
    time_us INTEGER NOT NULL,
    extensions TEXT,
    data BLOB
);
CREATE UNIQUE INDEX events_by_id ON events (source_id, id);
CREATE INDEX events_by_type ON events (type_id, seq);
CREATE INDEX events_by_subject ON events (subject, seq) WHERE subject IS NOT NULL;
CREATE INDEX events_by_time ON events (time_us);
CREATE TABLE marks (seq INTEGER PRIMARY KEY, time_us INTEGER NOT NULL);
CREATE TABLE cursors (name TEXT PRIMARY KEY, value TEXT NOT NULL, holds INTEGER) WITHOUT ROWID;
CREATE TABLE rows (
    space TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    expires_us INTEGER,
    PRIMARY KEY (space, key)
) WITHOUT ROWID;
CREATE INDEX rows_by_expiry ON rows (expires_us) WHERE expires_us IS NOT NULL;
)sql";

core::Result<std::string> create(io::Database& database) {
    auto epoch = core::random_hex(8);
    auto const sql = "BEGIN IMMEDIATE;" + std::string{tables} + "INSERT INTO meta VALUES ('epoch', '" + epoch +
                     "'), ('format', '" + std::to_string(format_version) + "'); COMMIT;";
    auto const created = database.run(sql);
    if (!created) {
        database.roll_back();
        return core::pass_on(created);
    }
    return epoch;
}

tl::unexpected<core::Error> refuse(std::string reason) {
    return core::fail(core::ErrorCode::Conflict, std::move(reason));
}

}  // namespace

core::Result<void> check_owner(io::Database& database) {
    auto const count = database.integer("SELECT count(*) FROM sqlite_schema");
    if (!count) return core::pass_on(count);
    if (*count == 0) return {};

    auto const ours = database.integer("SELECT count(*) FROM sqlite_schema WHERE name IN ('meta', 'events', 'marks')");
    if (!ours) return core::pass_on(ours);
    if (*ours != 3) return refuse("it is a database of another program");
    auto const format = database.integer("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'format'");
    if (!format) return core::pass_on(format);
    if (*format != format_version) {
        return refuse(
            "it has format " + std::to_string(*format) + " and this build knows " + std::to_string(format_version) +
            ": use the version of macp that wrote it, or a newer one"
        );
    }
    return {};
}

core::Result<std::string> prepare_schema(io::Database& database) {
    auto const count = database.integer("SELECT count(*) FROM sqlite_schema");
    if (!count) return core::pass_on(count);
    return *count == 0 ? create(database) : database.text("SELECT value FROM meta WHERE key = 'epoch'");
}

core::Result<void> check_integrity(io::Database& database, IntegrityCheck how) {
    if (how == IntegrityCheck::Off) return {};
    auto const found =
        database.text(how == IntegrityCheck::Quick ? "PRAGMA quick_check(1)" : "PRAGMA integrity_check(1)");
    if (!found) return core::pass_on(found);
    if (*found != "ok") return core::fail(core::ErrorCode::Corrupt, *found);
    return {};
}

core::Result<void> load_names(
    io::Database& database, std::string const& table, std::string const& column, Names& names
) {
    auto pruned = database.run(
        "DELETE FROM " + table + " WHERE NOT EXISTS (SELECT 1 FROM events WHERE " + column + " = " + table + ".id)"
    );
    // On a full disk they stay for now: it must be possible to read.
    if (!pruned && pruned.error().code != core::ErrorCode::StorageFull) return pruned;
    auto all = database.prepare("SELECT id, text FROM " + table + " ORDER BY id");
    if (!all) return core::pass_on(all);
    for (;;) {
        auto const row = all->step();
        if (!row) return core::pass_on(row);
        if (!*row) return {};
        names.add(all->integer(0), std::string{all->text(1)});
    }
}

}  // namespace macp::events
