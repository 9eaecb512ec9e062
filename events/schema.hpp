#pragma once

#include "core/result.hpp"
#include "events/names.hpp"
#include "io/sqlite.hpp"

#include <string>

namespace macp::events {

/// How thoroughly the file is looked at when the log is opened.
enum class IntegrityCheck {
    Off,
    Quick,  ///< Every page is read and must make sense.
    Full,   ///< The indexes must agree with the tables as well: slower by several times.
};

/// Makes sure that the file is empty, or a log that this build can read. Writes nothing.
/// Errors: Conflict (another program's database, or a newer format); those of the database.
[[nodiscard]] core::Result<void> check_owner(io::Database& database);

/// Creates the tables in an empty file. Returns the log's epoch. After `check_owner`. Errors: those of the database.
[[nodiscard]] core::Result<std::string> prepare_schema(io::Database& database);

/// Errors: Corrupt with the first thing found wrong; those of the database.
[[nodiscard]] core::Result<void> check_integrity(io::Database& database, IntegrityCheck how);

/// Drops the names in `table` (types, sources) that no event has any more (by `column`), and loads the others.
[[nodiscard]] core::Result<void> load_names(
    io::Database& database, std::string const& table, std::string const& column, Names& names
);

}  // namespace macp::events
