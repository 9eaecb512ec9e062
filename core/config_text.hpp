#pragma once

#include "core/config_load.hpp"

#include <string>

namespace macp::core {

/// The reference page (Markdown), from the table: `docs/configuration.md` is this text.
[[nodiscard]] std::string config_reference();

/// Every key with its value, where that came from, default, range and environment name; for people.
[[nodiscard]] std::string explain_config(LoadedConfig const& loaded);

/// The same as a JSON object by key, on one line.
[[nodiscard]] std::string explain_config_json(LoadedConfig const& loaded);

}  // namespace macp::core
