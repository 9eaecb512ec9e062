#pragma once

#include "core/config_value.hpp"
#include "core/result.hpp"

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

/// The entries of a TOML text, in no particular order. Errors: InvalidField, with `name` and the line, when it is not
/// TOML.
[[nodiscard]] Result<std::vector<ConfigEntry>> parse_config_toml(std::string_view text, std::string_view name);

}  // namespace macp::core
