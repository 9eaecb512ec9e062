#include "core/config_toml.hpp"

#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace macp::core {
namespace {

std::string name_of(toml::node_type type) {
    switch (type) {
        case toml::node_type::table:
            return "a table";
        case toml::node_type::array:
            return "a list that holds more than texts";
        case toml::node_type::date:
        case toml::node_type::time:
        case toml::node_type::date_time:
            return "a date or time";
        default:
            return "something else";
    }
}

ConfigValue value_of(toml::node const& node) {
    if (auto const* const text = node.as_string()) return text->get();
    if (auto const* const flag = node.as_boolean()) return flag->get();
    if (auto const* const whole = node.as_integer()) return whole->get();
    if (auto const* const real = node.as_floating_point()) return real->get();
    auto const* const array = node.as_array();
    if (array == nullptr) return Unusable{name_of(node.type())};
    std::vector<std::string> list;
    for (auto const& item : *array) {
        auto const* const text = item.as_string();
        if (text == nullptr) return Unusable{name_of(node.type())};
        list.push_back(text->get());
    }
    return list;
}

void collect(toml::table const& table, std::string const& prefix, std::vector<ConfigEntry>& entries) {
    for (auto const& [name, node] : table) {
        auto path = prefix + std::string{name.str()};
        auto const* const inner = node.as_table();
        if (inner != nullptr && is_config_table(path)) {
            collect(*inner, path + '.', entries);
        } else {
            // The key's own line; a table that only its children open has none.
            auto const line = name.source().begin.line != 0 ? name.source().begin.line : node.source().begin.line;
            entries.push_back({.path = std::move(path), .value = value_of(node), .line = line});
        }
    }
}

}  // namespace

Result<std::vector<ConfigEntry>> parse_config_toml(std::string_view text, std::string_view name) {
    try {
        std::vector<ConfigEntry> entries;
        collect(toml::parse(text), "", entries);
        return entries;
    } catch (toml::parse_error const& error) {
        return fail(
            ErrorCode::InvalidField, std::string{name} + ':' + std::to_string(error.source().begin.line) +
                                         ": not TOML: " + std::string{error.description()}
        );
    }
}

}  // namespace macp::core
