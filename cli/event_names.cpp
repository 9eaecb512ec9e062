#include "cli/event_names.hpp"

#include "core/id.hpp"
#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace macp::cli {
namespace {

using Json = nlohmann::json;

bool is_name(Json const& object, char const* member) {
    auto const found = object.find(member);
    if (found == object.end()) return false;
    if (found->is_string()) return !core::trim(found->get_ref<std::string const&>()).empty();
    return found->is_number_integer();
}

bool names_payload(Json const& body) {
    return std::ranges::any_of(std::array{"payload", "data"}, [&](char const* name) {
        auto const payload = body.find(name);
        return payload != body.end() && payload->is_object() && is_name(*payload, "event_id");
    });
}

/// In front of the other members of the object that `body` is: their bytes stay as they are.
std::string with_first_member(std::string body, Json const& parsed, std::string_view name, std::string_view value) {
    if (parsed.contains(name)) {  // of no use as it is; two of a name would be no better
        auto changed = parsed;
        changed[std::string{name}] = value;
        return core::dump_json(changed);
    }
    auto member = core::json_string(name) + ':' + core::json_string(value);
    if (!parsed.empty()) member += ',';
    return body.insert(body.find('{') + 1, member);
}

}  // namespace

bool is_named(Json const& body, NamedAt where) {
    if (!body.is_object() || body.contains("specversion")) return true;
    if (is_name(body, "event_id") || is_name(body, "id")) return true;
    auto const metadata = body.find("metadata");
    bool const inside = metadata != body.end() && metadata->is_object();
    if (inside && (is_name(*metadata, "event_id") || is_name(*metadata, "id"))) return true;
    return where == NamedAt::Payload && names_payload(body);
}

std::string named(std::string body, NamedAt where) {
    auto const parsed = core::parse_json(body);
    if (!parsed || is_named(*parsed, where)) return body;
    return with_first_member(std::move(body), *parsed, "event_id", core::make_uuid7(core::SystemClock{}.now()));
}

std::string named_lines(std::string_view lines) {
    std::string all;
    all.reserve(lines.size());
    while (!lines.empty()) {
        auto const end = std::min(lines.find('\n'), lines.size());
        all += named(std::string{lines.substr(0, end)}, NamedAt::Payload);
        if (end < lines.size()) all += '\n';
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    return all;
}

std::string with_text(std::string body, std::string_view name, std::string_view value) {
    auto const parsed = core::parse_json(body);
    if (!parsed || !parsed->is_object() || parsed->contains(name)) return body;
    return with_first_member(std::move(body), *parsed, name, value);
}

}  // namespace macp::cli
