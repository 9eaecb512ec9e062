#pragma once

#include "core/config_keys.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace macp::core {

/// A value as a file holds it; a type that no key takes (a date, a table, a mixed list) comes as `Unusable`.
struct Unusable {
    std::string what{};  ///< For the message: `a table`, `a date`.
};
using ConfigValue =
    std::variant<Unusable, bool, std::int64_t, double, std::string, std::vector<std::string>, std::vector<ConfigTable>>;

/// Checks `value` against the key's type and rule and stores it. Answers what is wrong, when something is; then nothing
/// has been stored.
[[nodiscard]] std::optional<std::string> set_config(Config& config, ConfigKey const& key, ConfigValue const& value);

/// The same for a text from the environment: numbers and `true`/`false` are read from it, lists are split at commas.
[[nodiscard]] std::optional<std::string> set_config_text(Config& config, ConfigKey const& key, std::string_view text);

/// The value as it would stand in the file; secrets are masked.
[[nodiscard]] std::string show_config(Config const& config, ConfigKey const& key);

/// `0.05 to 3600 seconds`, `full or normal`; empty when anything goes.
[[nodiscard]] std::string show_range(ConfigKey const& key);

/// Reads `4096`, `64KiB`, `16 MiB`, `2GB`. Nothing when it is not a size.
[[nodiscard]] std::optional<std::uint64_t> parse_byte_size(std::string_view text);

}  // namespace macp::core
