#pragma once

#include <algorithm>
#include <string>
#include <string_view>

// Upper and lower case of ASCII letters, whatever the locale says. Every other byte stays as it is.
namespace macp::core {

[[nodiscard]] constexpr char lower_case(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// In place.
inline void make_lower(std::string& text) {
    for (char& c : text) c = lower_case(c);
}

[[nodiscard]] inline std::string lower_case(std::string_view text) {
    std::string lower{text};
    make_lower(lower);
    return lower;
}

[[nodiscard]] constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, [](char x, char y) { return lower_case(x) == lower_case(y); });
}

}  // namespace macp::core
