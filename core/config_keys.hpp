#pragma once

#include "core/config.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace macp::core {

using TokenMap = std::map<std::string, std::string>;

/// Where a key's value lives in a Config; the alternative is the key's type.
using ConfigField = std::variant<
    std::string& (*)(Config&), std::filesystem::path& (*)(Config&), bool& (*)(Config&), double& (*)(Config&),
    std::uint64_t& (*)(Config&), std::vector<std::string>& (*)(Config&), std::vector<ConfigTable>& (*)(Config&),
    TokenMap& (*)(Config&)>;

/// What a value may be, beyond its type.
struct ConfigRule {
    std::string_view unit{};  ///< `seconds`, `bytes`, …; bytes may be written as "16MiB".
    double least = std::numeric_limits<double>::lowest();
    double most = std::numeric_limits<double>::max();
    std::vector<std::string_view> choices{};  ///< Not empty: one of these.
    bool required = false;                    ///< Text, paths and lists: may not be empty.
    /// Not null: says what is wrong with a text that is not empty.
    std::optional<std::string> (*check)(std::string_view text) = nullptr;
};

/// One row of the table that all configuration comes from.
struct ConfigKey {
    std::string_view path;  ///< As in the file: `watch.poll_interval_seconds`.
    ConfigField field;
    ConfigRule rule;
    bool reloadable = false;  ///< SIGHUP applies it; else it takes a restart.
    std::string_view description;

    /// `MACP_` and the path in upper case, dots as underscores.
    [[nodiscard]] std::string environment_name() const;
    /// For people: `text`, `a path`, `true or false`, `a number`, `a whole number`, `a size`, `text or a list of
    /// texts`, `a list of tables`, `tokens`.
    [[nodiscard]] std::string_view type_name() const;
};

/// The table, in the order of the reference page. Threads: safe from anywhere.
[[nodiscard]] std::span<ConfigKey const> config_keys();

/// The row of `path`; null when there is none.
[[nodiscard]] ConfigKey const* find_config_key(std::string_view path);

/// The known key (or table, when `path` names a table) that is spelt most like `path`.
[[nodiscard]] std::string_view nearest_config_key(std::string_view path);
[[nodiscard]] std::string_view nearest_config_table(std::string_view table);

/// The variable that is most likely meant by an unknown one called `name`; empty when it is known, or like none.
[[nodiscard]] std::string nearest_variable(std::string_view name);

/// True when some key lies under `table.`.
[[nodiscard]] bool is_config_table(std::string_view table);

}  // namespace macp::core
