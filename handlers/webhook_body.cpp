#include "handlers/webhook_body.hpp"

#include "core/filter.hpp"
#include "core/json.hpp"
#include "http/negotiate.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace macp::handlers {
namespace {

using core::ErrorCode;
using core::fail;
using core::pass_on;
using core::Result;
using Json = nlohmann::json;

Result<void> refuse_unknown(Json const& body, std::initializer_list<std::string_view> known) {
    for (auto const& [name, value] : body.items()) {
        if (std::ranges::find(known, name) != known.end()) continue;
        std::string names;
        for (auto const& one : known) names += (names.empty() ? "`" : ", `") + std::string{one} + '`';
        return fail(ErrorCode::InvalidField, name + " is unknown; known names are " + names, '/' + name);
    }
    return {};
}

Result<delivery::Moment> parse_moment(Json const& body, char const* name) {
    auto const found = body.find(name);
    if (found == body.end() || found->is_null()) return delivery::Moment{};
    auto const pointer = std::string{"/"} + name;
    if (!found->is_string() && !found->is_number_unsigned()) {
        return fail(ErrorCode::InvalidField, std::string{name} + " must be a position or a time", pointer);
    }
    auto const text = found->is_string() ? found->get<std::string>() : core::dump_json(*found);
    if (auto const time = core::parse_time(text)) return delivery::Moment{*time};
    auto position = core::parse_position(text);
    if (position) return delivery::Moment{*std::move(position)};
    return fail(
        ErrorCode::InvalidField, std::string{name} + ": " + position.error().message + ", or a time as in RFC 3339",
        pointer
    );
}

Result<std::vector<std::string>> parse_types(Json const& body) {
    std::vector<std::string> types;
    auto const found = body.find("types");
    if (found == body.end() || found->is_null()) return types;
    if (!found->is_array()) return fail(ErrorCode::InvalidField, "types must be a list of globs", "/types");
    for (auto const& item : *found) {
        auto const pointer = "/types/" + std::to_string(types.size());
        auto const* const text = item.get_ptr<Json::string_t const*>();
        if (text == nullptr) return fail(ErrorCode::InvalidField, "types must be a list of globs", pointer);
        if (auto const checked = core::check_pattern(*text); !checked) {
            return fail(ErrorCode::InvalidField, "types: " + checked.error().message, pointer);
        }
        if (types.size() == core::max_patterns) {
            return fail(ErrorCode::InvalidField, "types holds too many globs", "/types");
        }
        types.push_back(*text);
    }
    return types;
}

}  // namespace

Result<Json> json_body(http::Request const& request, std::initializer_list<std::string_view> types) {
    auto const type = http::require_type(request, types);
    if (!type) return pass_on(type);
    auto body = core::parse_json(request.body);
    if (body && !body->is_object()) return fail(ErrorCode::InvalidField, "the body must be a JSON object");
    return body;
}

Result<ReplayBody> parse_replay(Json const& body) {
    if (auto const known = refuse_unknown(body, {"since", "until", "types"}); !known) return pass_on(known);
    auto since = parse_moment(body, "since");
    if (!since) return pass_on(since);
    if (std::holds_alternative<std::monostate>(*since)) {
        return fail(ErrorCode::InvalidField, "since is missing: a position or a time to replay from", "/since");
    }
    auto until = parse_moment(body, "until");
    if (!until) return pass_on(until);
    auto types = parse_types(body);
    if (!types) return pass_on(types);
    return ReplayBody{.since = *std::move(since), .until = *std::move(until), .types = *std::move(types)};
}

Result<delivery::DeadChoice> parse_choice(Json const& body) {
    if (auto const known = refuse_unknown(body, {"ids", "all"}); !known) return pass_on(known);
    auto const all = body.find("all");
    auto const ids = body.find("ids");
    if (all != body.end() && ids != body.end()) {
        return fail(ErrorCode::InvalidField, "ids and all exclude each other", "/all");
    }
    if (all != body.end()) {
        if (*all == true) return delivery::DeadChoice{};
        return fail(ErrorCode::InvalidField, "all must be true", "/all");
    }
    if (ids == body.end()) return fail(ErrorCode::InvalidField, "ids is missing: a list, or `all` instead", "/ids");
    if (!ids->is_array() || ids->empty()) {
        return fail(ErrorCode::InvalidField, "ids must be a list of one number or more", "/ids");
    }
    std::vector<core::Seq> chosen;
    for (auto const& id : *ids) {
        auto const pointer = "/ids/" + std::to_string(chosen.size());
        if (!id.is_number_unsigned()) return fail(ErrorCode::InvalidField, "an id is a whole number", pointer);
        chosen.push_back(id.get<core::Seq>());
    }
    return delivery::DeadChoice{std::move(chosen)};
}

}  // namespace macp::handlers
