#include "core/event_query.hpp"

#include "core/number.hpp"

#include <algorithm>

namespace macp::core {
namespace {

using Place = std::variant<std::monostate, Position, Time>;

Result<Place> parse_place(std::string_view name, std::string_view text) {
    if (auto const time = parse_time(text)) return Place{*time};
    auto position = parse_position(text);
    if (position) return Place{*std::move(position)};
    return fail(ErrorCode::InvalidField, position.error().message + ", or a time as in RFC 3339", std::string{name});
}

Result<std::size_t> parse_limit(std::string_view text) {
    auto const limit = parse_number<std::size_t>(text).value_or(0);
    if (limit < 1 || limit > max_page_events) {
        return fail(
            ErrorCode::InvalidField, "limit must be between 1 and 1000, got `" + std::string{text.substr(0, 32)} + "`",
            "limit"
        );
    }
    return limit;
}

Result<void> check_value(std::string_view name, std::string_view value, std::size_t held) {
    if (held == max_patterns) {
        auto text = "there are at most " + std::to_string(max_patterns) + " of these";
        return fail(ErrorCode::InvalidField, std::move(text), std::string{name});
    }
    auto const checked = check_pattern(value);
    return checked ? checked : fail(ErrorCode::InvalidField, checked.error().message, std::string{name});
}

Result<void> take_pattern(std::vector<std::string>& patterns, std::string_view name, std::string_view value) {
    if (auto const checked = check_value(name, value, patterns.size()); !checked) return checked;
    patterns.emplace_back(value);
    return {};
}

Result<void> take_field(Filter& filter, std::string_view name, std::string_view value) {
    constexpr std::string_view prefix = "data.";
    auto const field = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
    if (field.empty()) return fail(ErrorCode::InvalidField, "a field of data needs a name", std::string{prefix});
    if (auto const checked = check_pattern(field); !checked) return checked;  // its name is too long to repeat it
    if (auto const checked = check_value(name, value, filter.where.size()); !checked) return checked;
    filter.where.emplace_back(field, value);
    return {};
}

Result<void> take(EventQuery& query, std::string_view name, std::string_view value) {
    if (name == "type") return take_pattern(query.filter.types, name, value);
    if (name == "source") return take_pattern(query.filter.sources, name, value);
    if (name == "subject") return take_pattern(query.filter.subjects, name, value);
    if (name == "since" || name == "until") {
        auto place = parse_place(name, value);
        if (!place) return pass_on(place);
        (name == "since" ? query.since : query.until) = *std::move(place);
        return {};
    }
    if (name != "limit") return take_field(query.filter, name, value);
    auto const limit = parse_limit(value);
    if (!limit) return pass_on(limit);
    query.limit = *limit;
    return {};
}

bool is_any_of(std::span<std::string_view const> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

/// Which of the parameters say one thing each; the others gather.
bool is_single(std::string_view name, std::span<std::string_view const> own_parameters) {
    return name == "since" || name == "until" || name == "limit" || is_any_of(own_parameters, name);
}

}  // namespace

Result<EventQuery> parse_event_query(
    std::span<std::pair<std::string, std::string> const> parameters, std::span<std::string_view const> own_parameters
) {
    EventQuery query;
    for (auto at = parameters.begin(); at != parameters.end(); ++at) {
        auto const& [name, value] = *at;
        bool const twice =
            std::any_of(parameters.begin(), at, [&](auto const& earlier) { return earlier.first == name; });
        if (twice && is_single(name, own_parameters)) {
            return fail(ErrorCode::InvalidField, name + " is given twice", name);
        }
        if (is_any_of(own_parameters, name)) continue;
        if (auto const taken = take(query, name, value); !taken) return pass_on(taken);
    }
    return query;
}

}  // namespace macp::core
