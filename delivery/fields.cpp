#include "delivery/fields.hpp"

#include "core/json.hpp"
#include "core/number.hpp"
#include "delivery/printable.hpp"

namespace macp::delivery {
namespace {

std::string scalar_text(nlohmann::json const& value) {
    if (auto const* const text = value.get_ptr<nlohmann::json::string_t const*>()) {
        auto shown = printable(*text);
        return std::string{core::trim(shown)};
    }
    return value.is_number() || value.is_boolean() ? core::dump_json(value) : std::string{};
}

nlohmann::json const* member(nlohmann::json const& object, std::string_view name) {
    if (!object.is_object()) return nullptr;
    auto const found = object.find(name);
    if (found == object.end() || scalar_text(*found).empty()) return nullptr;
    return &*found;
}

}  // namespace

Fields::Fields(std::string_view data) {
    if (data.empty()) return;
    if (auto parsed = core::parse_json(data)) root_ = *std::move(parsed);
}

nlohmann::json const* Fields::find(std::string_view name) const {
    if (auto const* const top = member(root_, name)) return top;
    if (!root_.is_object()) return nullptr;
    auto const metadata = root_.find("metadata");
    return metadata == root_.end() ? nullptr : member(*metadata, name);
}

std::string Fields::text(std::initializer_list<std::string_view> names) const {
    for (auto const name : names) {
        if (auto const* const value = find(name)) return scalar_text(*value);
    }
    return {};
}

std::optional<double> Fields::number(std::initializer_list<std::string_view> names) const {
    for (auto const name : names) {
        auto const* const value = find(name);
        if (value == nullptr || value->is_boolean()) continue;
        if (auto const number = core::parse_number<double>(scalar_text(*value))) return number;
    }
    return std::nullopt;
}

std::string Fields::json() const {
    return root_.is_null() ? std::string{} : printable(core::dump_json(root_));
}

}  // namespace macp::delivery
