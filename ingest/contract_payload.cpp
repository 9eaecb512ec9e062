#include "ingest/contract_payload.hpp"

#include "core/json.hpp"
#include "ingest/json_members.hpp"

#include <algorithm>

namespace macp::ingest {
namespace {

namespace dom = simdjson::dom;

bool says_something(dom::element value) {
    return !value.is_null() && (!value.is_string() || text_of(&value));
}

}  // namespace

void ContractPayload::Place::read(dom::object object, std::string_view minified) {
    auto const values = raw_values(minified);
    is_object = true;
    members.reserve(values.size());
    for (auto const& [name, value] : object) {
        members.push_back({.name = name, .value = value, .json = values[members.size()]});
    }
}

ContractPayload::Place::Member const* ContractPayload::Place::find(std::string_view name) const {
    auto const found = std::ranges::find_if(members, [name](Member const& member) {
        return member.name == name && says_something(member.value);
    });
    return found == members.end() ? nullptr : &*found;
}

ContractPayload::Place ContractPayload::inside(std::string_view name) const {
    Place place;
    dom::object object;
    auto const* const member = top_.find(name);
    // A number that stands in the tree as an object (`JsonParser`) does not look like one.
    bool const looks_so = member != nullptr && member->json.starts_with('{');
    if (looks_so && member->value.get_object().get(object) == simdjson::SUCCESS) place.read(object, member->json);
    return place;
}

ContractPayload::ContractPayload(dom::object object, std::string_view minified) {
    top_.read(object, minified);
    metadata_ = inside("metadata");
    context_ = inside("context");
    signal_ = inside("signal");
}

std::optional<ContractPayload::Found> ContractPayload::find(std::string_view source) const {
    Place::Member const* member = nullptr;
    if (source.starts_with("c.")) {
        member = context_.find(source.substr(2));
    } else if (source.starts_with("s.")) {
        member = signal_.find(source.substr(2));
    } else {
        member = top_.find(source);
        if (member == nullptr) member = metadata_.find(source);
    }
    if (member == nullptr) return std::nullopt;
    return Found{.value = member->value, .json = member->json};
}

std::string_view ContractPayload::text(std::string_view source) const {
    auto const found = find(source);
    auto const text = found ? text_of(&found->value) : std::nullopt;
    return text ? core::trim(*text) : std::string_view{};
}

std::string_view ContractPayload::first_text(std::string_view sources) const {
    while (!sources.empty()) {
        if (auto const found = text(take_name(sources)); !found.empty()) return found;
    }
    return {};
}

bool ContractPayload::has_object(std::string_view name) const {
    return name == "signal" ? signal_.is_object : context_.is_object;
}

TypeHints ContractPayload::type_hints() const {
    return {
        .route_keys = {text("s.routeKey"), text("route_key"), text("c.route_key")},
        .normalized_events = {text("c.normalized_event"), text("normalized_event")},
    };
}

std::string_view take_name(std::string_view& names) {
    auto const end = std::min(names.find(' '), names.size());
    auto const name = names.substr(0, end);
    names.remove_prefix(std::min(end + 1, names.size()));
    return name;
}

}  // namespace macp::ingest
