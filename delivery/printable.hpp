#pragma once

#include <string>
#include <string_view>

namespace macp::delivery {

/// `text` as it may be shown on a terminal: escape sequences, control characters and marks that turn the direction of
/// text are gone, runs of line breaks and tabs are one space, bytes that are not UTF-8 are U+FFFD.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace macp::delivery
