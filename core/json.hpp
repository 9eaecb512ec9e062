#pragma once

#include "core/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace macp::core {

/// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);
[[nodiscard]] std::string json_string(std::string_view text);

/// Parses untrusted JSON. Nesting deeper than 128 levels is refused. Errors: BadJson with the byte offset.
[[nodiscard]] Result<nlohmann::json> parse_json(std::string_view text);

/// One line without insignificant white space; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string dump_json(nlohmann::json const& value);

/// True when all of `text` is UTF-8 as RFC 3629 has it.
[[nodiscard]] bool is_utf8(std::string_view text);

/// `text` without leading and trailing white space.
[[nodiscard]] std::string_view trim(std::string_view text);

}  // namespace macp::core
