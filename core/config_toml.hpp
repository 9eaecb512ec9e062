#pragma once

#include "core/config_problem.hpp"
#include "core/config_value.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace macp::core {

/// One entry of a configuration file. A table stands only when it cannot hold keys of ours: its name is unknown.
struct ConfigEntry {
    std::string path{};  ///< Dotted.
    ConfigValue value{};
    std::size_t line = 0;
};

/// The entries of a TOML text, in no particular order; or why it is not TOML, with `name` as the file.
[[nodiscard]] tl::expected<std::vector<ConfigEntry>, ConfigProblem> parse_config_toml(
    std::string_view text, std::string_view name
);

}  // namespace macp::core
