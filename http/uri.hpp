#pragma once

#include "core/ascii.hpp"
#include "http/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace macp::http {

/// Resolves `%XX`; with `plus_is_space` also `+`. Nothing when an escape is broken.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

/// Reads `a=1&b=x%20y`. A name without `=` has an empty value. Nothing when an escape is broken.
[[nodiscard]] std::optional<Pairs> parse_query(std::string_view query);

/// The target for the log: the value of `access_token` is left out.
[[nodiscard]] std::string without_secrets(std::string_view target);

using core::equal_ignoring_case;
using core::make_lower;

}  // namespace macp::http
