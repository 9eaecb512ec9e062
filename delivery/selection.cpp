#include "delivery/selection.hpp"

#include <algorithm>

namespace macp::delivery {
namespace {

std::string in_backticks(std::string_view text) {
    return '`' + std::string{text} + '`';
}

std::string listed(std::vector<std::string> const& globs) {
    std::string text;
    for (auto const& glob : globs) text += (text.empty() ? "" : ", ") + in_backticks(glob);
    return text;
}

bool none_matches(std::vector<std::string> const& globs, std::string_view text) {
    return !globs.empty() &&
           std::ranges::none_of(globs, [text](auto const& glob) { return core::glob_match(glob, text); });
}

bool is_named(std::vector<std::string> const& globs, std::string_view type) {
    return std::ranges::any_of(globs, [type](auto const& glob) {
        return is_delivery_event(glob) && core::glob_match(glob, type);
    });
}

bool is_about(core::EventView const& event, std::string_view target) {
    std::string about;
    return core::read_field(event.data, "target", about) && about == target;
}

}  // namespace

bool Selection::may_have(core::EventView const& event) const {
    if (!is_delivery_event(event.type)) return true;
    return is_named(filter_.types, event.type) && !is_about(event, target_);
}

std::string Selection::why_not(core::EventView const& event) const {
    if (none_matches(filter_.types, event.type)) {
        return "types: " + in_backticks(event.type) + " matches none of " + listed(filter_.types);
    }
    if (none_matches(filter_.sources, event.source)) {
        return "sources: " + in_backticks(event.source) + " matches none of " + listed(filter_.sources);
    }
    if (none_matches(filter_.subjects, event.subject)) {
        return "subjects: " + in_backticks(event.subject) + " matches none of " + listed(filter_.subjects);
    }
    for (auto const& [field, glob] : filter_.where) {
        if (core::Filter{.where = {{field, glob}}}.matches(event)) continue;
        std::string value;
        if (!core::read_field(event.data, field, value)) return "where: there is no field " + in_backticks(field);
        return "where: " + in_backticks(field) + " is " + in_backticks(value) + ", not " + in_backticks(glob);
    }
    if (may_have(event)) return {};
    if (is_about(event, target_)) return "an event about the target itself";
    return "types: " + in_backticks(event.type) + " is taken only by a glob that begins with `delivery.`";
}

}  // namespace macp::delivery
