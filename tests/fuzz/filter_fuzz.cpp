// Globs against a plain definition of them, and fields of data against a full JSON parser.
#include "core/filter.hpp"
#include "fuzz/fuzz.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace {

/// What a glob means, as a table: `reach[p]` says whether the first p characters of the pattern can match so far.
bool matches(std::string_view pattern, std::string_view text) {
    std::vector<bool> reach(pattern.size() + 1);
    reach[0] = true;
    for (std::size_t p = 0; p < pattern.size() && pattern[p] == '*'; ++p) reach[p + 1] = true;
    for (char const character : text) {
        std::vector<bool> next(pattern.size() + 1);
        for (std::size_t p = 0; p < pattern.size(); ++p) {
            if (pattern[p] == '*') {
                next[p + 1] = next[p + 1] || reach[p + 1] || next[p] || reach[p];
            } else {
                next[p + 1] = reach[p] && pattern[p] == character;
            }
        }
        reach = std::move(next);
    }
    return reach[pattern.size()];
}

void check_field(std::string_view data, std::string_view field) {
    auto const document = nlohmann::json::parse(data, nullptr, false);
    std::string value;
    bool const found = macp::core::read_field(data, field, value);
    if (document.is_discarded() || !document.is_object() || field.find('.') != std::string_view::npos) return;
    auto const at_top = document.find(std::string{field});
    if (at_top != document.end() && at_top->is_string()) {
        macp::fuzz::require(found, "a string at the top is found");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const text = macp::fuzz::text_of(data, size);
    auto const cut = text.find('\n');
    if (cut == std::string_view::npos || cut > 128 || size > 4096) return 0;
    auto const pattern = text.substr(0, cut);
    auto const rest = text.substr(cut + 1);
    macp::fuzz::require(macp::core::glob_match(pattern, rest) == matches(pattern, rest), "a glob matches what it says");
    check_field(rest, pattern);
    macp::core::Filter filter;
    filter.types = {std::string{pattern}};
    filter.where = {{std::string{pattern}, std::string{"*"}}};
    static_cast<void>(filter.matches({.type = rest, .data = rest}));
    return 0;
}
