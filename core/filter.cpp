#include "core/filter.hpp"

#include "core/json.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <simdjson.h>

namespace macp::core {
namespace {

using simdjson::dom::element;

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> stand_ins{{
    {"repo", "repo_name"},
    {"repo_name", "repo"},
    {"session", "session_name"},
    {"session_name", "session"},
}};

bool any_matches(std::vector<std::string> const& globs, std::string_view text) {
    return globs.empty() || std::ranges::any_of(globs, [text](auto const& glob) { return glob_match(glob, text); });
}

/// The member named by `field` as a whole, else by following its dots.
std::optional<element> find_dotted(element object, std::string_view field) {
    element found;
    if (object[field].get(found) == simdjson::SUCCESS) return found;
    for (auto dot = field.find('.'); dot != std::string_view::npos; dot = field.find('.', dot + 1)) {
        if (object[field.substr(0, dot)].get(found) != simdjson::SUCCESS) continue;
        if (auto const inside = find_dotted(found, field.substr(dot + 1))) return inside;
    }
    return std::nullopt;
}

bool scalar_text(element value, std::string& text) {
    switch (value.type()) {
        case simdjson::dom::element_type::STRING:
            text = std::string_view{value};
            return true;
        case simdjson::dom::element_type::INT64:
        case simdjson::dom::element_type::UINT64:
        case simdjson::dom::element_type::DOUBLE:
        case simdjson::dom::element_type::BOOL:
            text = simdjson::minify(value);
            return true;
        default:
            return false;
    }
}

bool read_at(element data, std::string_view field, std::string& value) {
    if (auto const top = find_dotted(data, field); top && scalar_text(*top, value)) return true;
    element metadata;
    if (data["metadata"].get(metadata) != simdjson::SUCCESS) return false;
    auto const inside = find_dotted(metadata, field);
    return inside && scalar_text(*inside, value);
}

bool read_with_stand_in(element data, std::string_view field, std::string& value) {
    if (read_at(data, field, value)) return true;
    auto const other = std::ranges::find(stand_ins, field, &std::pair<std::string_view, std::string_view>::first);
    return other != stand_ins.end() && read_at(data, other->second, value);
}

std::optional<element> parse_data(std::string_view data) {
    thread_local simdjson::dom::parser parser;
    element root;
    if (data.empty() || parser.parse(data.data(), data.size()).get(root) != simdjson::SUCCESS) return std::nullopt;
    return root;
}

void append_list(std::string& key, char tag, std::vector<std::string> list) {
    std::ranges::sort(list);
    list.erase(std::ranges::unique(list).begin(), list.end());
    for (auto const& item : list) {
        key += tag;
        key += json_string(item);
    }
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) {
    // Greedy with one point to come back to: linear for one star, never exponential.
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t retry = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            retry = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++retry;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

bool Filter::matches_type(std::string_view type) const {
    return any_matches(types, type);
}

bool Filter::matches(EventView const& event) const {
    if (!matches_type(event.type) || !any_matches(sources, event.source) || !any_matches(subjects, event.subject)) {
        return false;
    }
    if (where.empty()) return true;
    auto const data = parse_data(event.data);
    if (!data) return false;
    std::string value;
    return std::ranges::all_of(where, [&](auto const& clause) {
        return read_with_stand_in(*data, clause.first, value) && glob_match(clause.second, value);
    });
}

std::string Filter::key() const {
    std::string key;
    append_list(key, 't', types);
    append_list(key, 's', sources);
    append_list(key, 'u', subjects);
    std::vector<std::string> clauses;
    clauses.reserve(where.size());
    for (auto const& [field, glob] : where) clauses.push_back(json_string(field) + json_string(glob));
    append_list(key, 'w', std::move(clauses));
    return key;
}

bool read_field(std::string_view data, std::string_view field, std::string& value) {
    auto const root = parse_data(data);
    return root && read_with_stand_in(*root, field, value);
}

}  // namespace macp::core
