#include "core/filter.hpp"

#include "core/json.hpp"

#include <algorithm>
#include <array>
#include <cstring>
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

constexpr std::size_t kept_parser_bytes = std::size_t{1}
                                          << 20;  // a huge event must not cost a thread its memory for ever

std::optional<element> parse_data(std::string_view data) {
    thread_local simdjson::dom::parser parser;
    if (parser.capacity() > kept_parser_bytes) parser = simdjson::dom::parser{};
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
    auto const first = pattern.find('*');
    if (first == std::string_view::npos) return pattern == text;
    auto const last = pattern.rfind('*');
    auto const head = pattern.substr(0, first);
    auto const tail = pattern.substr(last + 1);
    if (text.size() < head.size() + tail.size() || !text.starts_with(head) || !text.ends_with(tail)) return false;

    // What lies between two stars is taken where it first fits, so that one pass over the text decides; memmem, other
    // than `find`, needs no more time for it than the text is long.
    auto rest = text.substr(head.size(), text.size() - head.size() - tail.size());
    for (auto star = first; star != last;) {
        auto const next = pattern.find('*', star + 1);
        auto const part = pattern.substr(star + 1, next - star - 1);
        star = next;
        if (part.empty()) continue;
        auto const* const found = ::memmem(rest.data(), rest.size(), part.data(), part.size());
        if (found == nullptr) return false;
        rest.remove_prefix(static_cast<std::size_t>(static_cast<char const*>(found) - rest.data()) + part.size());
    }
    return true;
}

Result<void> check_pattern(std::string_view pattern) {
    if (pattern.size() <= max_pattern_bytes) return {};
    return fail(
        ErrorCode::InvalidField, "a pattern or field name has at most " + std::to_string(max_pattern_bytes) + " bytes"
    );
}

bool Filter::matches_type(std::string_view type) const {
    return any_matches(types, type);
}

struct DataFields::Parsed {
    std::optional<element> root;
};

DataFields::DataFields(std::string_view data) : data_{data} {}
DataFields::~DataFields() = default;

bool DataFields::read(std::string_view field, std::string& value) {
    if (!parsed_) parsed_ = std::make_unique<Parsed>(Parsed{parse_data(data_)});
    auto const& root = parsed_->root;
    return root && read_with_stand_in(*root, field, value);
}

bool Filter::matches(EventView const& event) const {
    DataFields fields{event.data};
    return matches(event, fields);
}

bool Filter::matches(EventView const& event, DataFields& fields) const {
    if (!matches_type(event.type) || !any_matches(sources, event.source) || !any_matches(subjects, event.subject)) {
        return false;
    }
    std::string value;
    return std::ranges::all_of(where, [&](auto const& clause) {
        return fields.read(clause.first, value) && glob_match(clause.second, value);
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
    return DataFields{data}.read(field, value);
}

}  // namespace macp::core
