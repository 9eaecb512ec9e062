#include "core/config_toml.hpp"

#include "core/json.hpp"

// toml++ 3.3 asserts what a bad file can break (`[=]`), and a release assumes it; with neither it reports the mistake.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expr) static_cast<void>(0)
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>

namespace macp::core {
namespace {

constexpr char escape = '~';

/// Bytes beyond ASCII as `~hh`: outside strings toml++ 3.3 runs into undefined behaviour at some of them, such as a
/// bare e with an accent. `~` has no place there, so that it reports the mistake.
std::string to_ascii(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string ascii;
    ascii.reserve(text.size());
    for (char const character : text) {
        auto const byte = static_cast<unsigned char>(character);
        if (byte < 0x80 && character != escape) {
            ascii += character;
        } else {
            ascii += {escape, digits[byte >> 4U], digits[byte & 0xfU]};
        }
    }
    return ascii;
}

std::string from_ascii(std::string_view ascii) {
    std::string text;
    for (std::size_t at = 0; at < ascii.size(); ++at) {
        unsigned byte = 0;
        auto const* const hex = ascii.data() + at + 1;
        if (ascii[at] == escape && at + 2 < ascii.size() && std::from_chars(hex, hex + 2, byte, 16).ptr == hex + 2) {
            text += static_cast<char>(byte);
            at += 2;
        } else {
            text += ascii[at];
        }
    }
    return text;
}

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

using Json = nlohmann::json;

/// Writes down the lines of all members, too; answers false for a value that JSON has no like of.
bool to_json(toml::node const& node, std::string const& pointer, ConfigTable& table, Json& out) {
    table.lines.emplace(pointer, node.source().begin.line);  // unless its key has told already
    if (auto const* const text = node.as_string()) {
        out = from_ascii(text->get());
    } else if (auto const* const flag = node.as_boolean()) {
        out = flag->get();
    } else if (auto const* const whole = node.as_integer()) {
        out = whole->get();
    } else if (auto const* const real = node.as_floating_point()) {
        if (!std::isfinite(real->get())) return false;
        out = real->get();
    } else if (auto const* const list = node.as_array()) {
        out = Json::array();
        for (auto const& item : *list) {
            auto const below = pointer + '/' + std::to_string(out.size());
            if (!to_json(item, below, table, out.emplace_back())) return false;
        }
    } else if (auto const* const members = node.as_table()) {
        out = Json::object();
        for (auto const& [name, member] : *members) {
            auto const key = from_ascii(name.str());
            auto const below = pointer + '/' + key;
            table.lines.emplace(below, name.source().begin.line);
            if (!to_json(member, below, table, out[key])) return false;
        }
    } else {
        return false;
    }
    return true;
}

ConfigValue tables_of(toml::array const& array, std::string_view file) {
    std::vector<ConfigTable> tables;
    for (auto const& item : array) {
        auto& table = tables.emplace_back();
        table.file = file;
        Json json;
        if (!to_json(item, "", table, json)) return Unusable{"one with a date, a time or a number without end in it"};
        table.json = dump_json(json);
    }
    return tables;
}

ConfigValue value_of(toml::node const& node, std::string_view file) {
    if (auto const* const text = node.as_string()) return from_ascii(text->get());
    if (auto const* const flag = node.as_boolean()) return flag->get();
    if (auto const* const whole = node.as_integer()) return whole->get();
    if (auto const* const real = node.as_floating_point()) return real->get();
    auto const* const array = node.as_array();
    if (array == nullptr) return Unusable{name_of(node.type())};
    if (!array->empty() && array->is_homogeneous(toml::node_type::table)) return tables_of(*array, file);
    std::vector<std::string> list;
    for (auto const& item : *array) {
        auto const* const text = item.as_string();
        if (text == nullptr) return Unusable{name_of(node.type())};
        list.push_back(from_ascii(text->get()));
    }
    return list;
}

void collect(
    toml::table const& table, std::string const& prefix, std::string_view file, std::vector<ConfigEntry>& entries
) {
    for (auto const& [name, node] : table) {
        auto path = prefix + from_ascii(name.str());
        auto const* const inner = node.as_table();
        if (inner != nullptr && is_config_table(path)) {
            collect(*inner, path + '.', file, entries);
        } else {
            // The key's own line; a table that only its children open has none.
            auto const line = name.source().begin.line != 0 ? name.source().begin.line : node.source().begin.line;
            entries.push_back({.path = std::move(path), .value = value_of(node, file), .line = line});
        }
    }
}

}  // namespace

tl::expected<std::vector<ConfigEntry>, ConfigProblem> parse_config_toml(std::string_view text, std::string_view name) {
    auto const refuse = [name](std::size_t line, std::string_view why) {
        return tl::unexpected<ConfigProblem>{
            {.file = std::string{name}, .line = line, .key = {}, .message = "not TOML: " + std::string{why}}
        };
    };
    if (!is_utf8(text)) return refuse(0, "the file is not UTF-8");
    try {
        std::vector<ConfigEntry> entries;
        collect(toml::parse(to_ascii(text)), "", name, entries);
        return entries;
    } catch (toml::parse_error const& error) {
        return refuse(error.source().begin.line, error.description());
    }
}

}  // namespace macp::core
