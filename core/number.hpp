#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace macp::core {

/// The number that all of `text` is, in decimal; none when it is something else, or does not fit.
template <class Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text) {
    Number value{};
    auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace macp::core
