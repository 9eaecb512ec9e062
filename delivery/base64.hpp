#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace macp::delivery {

/// Base64 of RFC 4648 section 4, with padding.
[[nodiscard]] std::string to_base64(std::string_view bytes);

/// Padding may be left out; anything else that is not base64 gives nothing.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace macp::delivery
