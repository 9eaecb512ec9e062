#include "core/event_query.hpp"

#include <algorithm>
#include <charconv>

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
    std::size_t limit = 0;
    auto const* const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, limit);
    if (error != std::errc{} || stop != end || limit < 1 || limit > max_page_events) {
        return fail(
            ErrorCode::InvalidField, "limit must be between 1 and 1000, got `" + std::string{text.substr(0, 32)} + "`",
            "limit"
        );
    }
    return limit;
}

Result<void> take(EventQuery& query, std::string_view name, std::string_view value) {
    if (name == "type") {
        query.filter.types.emplace_back(value);
    } else if (name == "source") {
        query.filter.sources.emplace_back(value);
    } else if (name == "subject") {
        query.filter.subjects.emplace_back(value);
    } else if (name == "since" || name == "until") {
        auto place = parse_place(name, value);
        if (!place) return pass_on(place);
        (name == "since" ? query.since : query.until) = *std::move(place);
    } else if (name == "limit") {
        auto const limit = parse_limit(value);
        if (!limit) return pass_on(limit);
        query.limit = *limit;
    } else {
        constexpr std::string_view prefix = "data.";
        if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
        if (name.empty()) return fail(ErrorCode::InvalidField, "a field of data needs a name", "data.");
        query.filter.where.emplace_back(name, value);
    }
    return {};
}

}  // namespace

Result<EventQuery> parse_event_query(
    std::span<std::pair<std::string, std::string> const> parameters, std::span<std::string_view const> own_parameters
) {
    EventQuery query;
    for (auto const& [name, value] : parameters) {
        if (std::ranges::find(own_parameters, std::string_view{name}) != own_parameters.end()) continue;
        if (auto const taken = take(query, name, value); !taken) return pass_on(taken);
    }
    return query;
}

}  // namespace macp::core
