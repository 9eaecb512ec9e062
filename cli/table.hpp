#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace macp::cli {

using Row = std::vector<std::string>;

/// A value in a cell: texts as they are, null as `-`, all else as JSON; fit for a terminal.
[[nodiscard]] std::string text_of(nlohmann::json const& value);

/// Prints rows in columns as wide as what stands in them.
void print_rows(std::vector<Row> const& rows);

/// One line an object, with `columns` of it and their names above; a dot in a name goes into a member.
void print_columns(nlohmann::json const& list, std::vector<std::string> const& columns);

}  // namespace macp::cli
