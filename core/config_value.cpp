#include "core/config_value.hpp"

#include "core/json.hpp"
#include "core/number.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace macp::core {
namespace {

using Problem = std::optional<std::string>;

constexpr std::array<std::pair<std::string_view, double>, 9> size_units{{
    {"", 1},
    {"B", 1},
    {"kB", 1e3},
    {"MB", 1e6},
    {"GB", 1e9},
    {"KiB", 1024.0},
    {"MiB", 1048576.0},
    {"GiB", 1073741824.0},
    {"TiB", 1099511627776.0},
}};

/// As short as possible, and without an exponent or `.0`.
std::string show_number(double value) {
    std::array<char, 400> text{};
    auto const* const end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr;
    return {static_cast<char const*>(text.data()), end};
}

std::string show_bytes(double value) {
    for (auto const& [unit, factor] : {std::pair{"TiB", 0x1p40}, {"GiB", 0x1p30}, {"MiB", 0x1p20}, {"KiB", 0x1p10}}) {
        if (value >= factor && std::fmod(value, factor) == 0) return show_number(value / factor) + unit;
    }
    return show_number(value);
}

std::string show_with_unit(ConfigKey const& key, double value) {
    return key.rule.unit == "bytes" ? show_bytes(value) : show_number(value);
}

std::string join(std::vector<std::string_view> const& words, std::string_view last_separator) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i != 0) text += i + 1 == words.size() ? last_separator : std::string_view{", "};
        text += words[i];
    }
    return text;
}

std::string describe(ConfigValue const& value) {
    struct Describe {
        std::string operator()(Unusable const& v) const { return v.what; }
        std::string operator()(bool v) const { return v ? "true" : "false"; }
        std::string operator()(std::int64_t v) const { return std::to_string(v); }
        std::string operator()(double v) const { return show_number(v); }
        std::string operator()(std::string const& v) const { return json_string(v.substr(0, 80)); }
        std::string operator()(std::vector<std::string> const& /*v*/) const { return "a list"; }
        std::string operator()(std::vector<ConfigTable> const& /*v*/) const { return "a list of tables"; }
    };
    return std::visit(Describe{}, value);
}

std::string mismatch(ConfigKey const& key, ConfigValue const& value) {
    std::string text = "must be " + std::string{key.type_name()};
    if (key.rule.unit == "bytes") text += R"( (a whole number, or a text such as "16MiB"))";
    return text + ", got " + describe(value);
}

Problem check_range(ConfigKey const& key, double number) {
    if (number >= key.rule.least && number <= key.rule.most) return std::nullopt;  // refuses NaN too
    return "must be from " + show_range(key) + ", got " + show_number(number);
}

Problem check_text(ConfigKey const& key, std::string const& text) {
    auto const& rule = key.rule;
    if (!rule.choices.empty() && std::ranges::find(rule.choices, text) == rule.choices.end()) {
        return "must be " + join(rule.choices, " or ") + ", got " + describe(text);
    }
    if (text.empty()) return rule.required ? Problem{"must not be empty"} : std::nullopt;
    if (text.find('\0') != std::string::npos) return "must not hold a zero byte";
    return rule.check != nullptr ? rule.check(text) : std::nullopt;
}

/// Stores a value into a field of each type.
struct Store {
    Config& config;
    ConfigKey const& key;
    ConfigValue const& value;

    Problem operator()(std::string& (*field)(Config&)) const { return store_text(field(config)); }
    Problem operator()(std::filesystem::path& (*field)(Config&)) const { return store_text(field(config)); }

    Problem operator()(bool& (*field)(Config&)) const {
        auto const* const flag = std::get_if<bool>(&value);
        if (flag == nullptr) return mismatch(key, value);
        field(config) = *flag;
        return std::nullopt;
    }

    Problem operator()(double& (*field)(Config&)) const {
        auto const* const whole = std::get_if<std::int64_t>(&value);
        auto const* const real = std::get_if<double>(&value);
        if (whole == nullptr && real == nullptr) return mismatch(key, value);
        double const number = real != nullptr ? *real : static_cast<double>(*whole);
        if (auto problem = check_range(key, number)) return problem;
        field(config) = number;
        return std::nullopt;
    }

    Problem operator()(std::uint64_t& (*field)(Config&)) const {
        auto const* const whole = std::get_if<std::int64_t>(&value);
        auto const* const text = std::get_if<std::string>(&value);
        std::optional<std::uint64_t> size;
        if (text != nullptr && key.rule.unit == "bytes") size = parse_byte_size(*text);
        if (whole == nullptr && !size) return mismatch(key, value);
        if (auto problem = check_range(key, size ? static_cast<double>(*size) : static_cast<double>(*whole)))
            return problem;
        field(config) = size ? *size : static_cast<std::uint64_t>(*whole);
        return std::nullopt;
    }

    Problem operator()(std::vector<std::string>& (*field)(Config&)) const {
        std::vector<std::string> list;
        if (auto const* const one = std::get_if<std::string>(&value)) {
            list = {*one};
        } else if (auto const* const many = std::get_if<std::vector<std::string>>(&value)) {
            list = *many;
        } else {
            return mismatch(key, value);
        }
        if (list.empty() && key.rule.required) return "must not be empty";
        for (auto const& item : list) {
            if (core::trim(item).empty()) return "must not hold an empty text";
            if (auto problem = check_text(key, item)) return problem;
        }
        field(config) = std::move(list);
        return std::nullopt;
    }

    Problem operator()(std::vector<ConfigTable>& (*field)(Config&)) const {
        auto const* const texts = std::get_if<std::vector<std::string>>(&value);
        bool const none = texts != nullptr && texts->empty();  // an empty list is one of anything
        auto const* const tables = std::get_if<std::vector<ConfigTable>>(&value);
        if (tables == nullptr && !none) return mismatch(key, value) + ": write [[" + std::string{key.path} + "]]";
        field(config) = none ? std::vector<ConfigTable>{} : *tables;
        return std::nullopt;
    }

    Problem operator()(TokenMap& (* /*field*/)(Config&)) const {
        return "tokens do not belong into a file that others may read or share: put them into the environment "
               "(MACP_TOKEN, MACP_TOKEN_<NAME>) or into the file that access.tokens_file names";
    }

    template <class Text>
    Problem store_text(Text& target) const {
        auto const* const text = std::get_if<std::string>(&value);
        if (text == nullptr) return mismatch(key, value);
        if (auto problem = check_text(key, *text)) return problem;
        target = *text;
        return std::nullopt;
    }
};

/// A JSON list of objects as tables. Nothing when it is none.
std::optional<std::vector<ConfigTable>> parse_tables(std::string_view text, std::string const& variable) {
    auto const list = parse_json(text);
    if (!list || !list->is_array()) return std::nullopt;
    std::vector<ConfigTable> tables;
    for (auto const& item : *list) {
        if (!item.is_object()) return std::nullopt;
        tables.push_back({.json = dump_json(item), .file = variable});
    }
    return tables;
}

/// Reads a text from the environment as a value of each type; what cannot be read stays text, for the message.
struct FromText {
    std::string_view text;
    ConfigKey const& key;

    ConfigValue operator()(bool& (* /*field*/)(Config&)) const {
        if (text == "true" || text == "1") return true;
        if (text == "false" || text == "0") return false;
        return std::string{text};
    }
    ConfigValue operator()(double& (* /*field*/)(Config&)) const {
        if (auto const number = parse_number<double>(text)) return *number;
        return std::string{text};
    }
    ConfigValue operator()(std::uint64_t& (* /*field*/)(Config&)) const {
        if (auto const number = parse_number<std::int64_t>(text)) return *number;
        return std::string{text};
    }
    ConfigValue operator()(std::vector<std::string>& (* /*field*/)(Config&)) const {
        std::vector<std::string> list;
        for (std::size_t at = 0; at < text.size();) {
            auto const comma = std::min(text.find(',', at), text.size());
            list.emplace_back(trim(text.substr(at, comma - at)));
            at = comma + 1;
        }
        return list;
    }
    ConfigValue operator()(std::vector<ConfigTable>& (* /*field*/)(Config&)) const {
        if (auto tables = parse_tables(text, key.environment_name())) return *std::move(tables);
        return std::string{text};
    }
    template <class Field>
    ConfigValue operator()(Field /*field*/) const {
        return std::string{text};
    }
};

/// `{name = "oc"}`: of a table its name alone, for the rest may hold credentials.
std::string show_table(ConfigTable const& table) {
    auto const members = parse_json(table.json);
    if (!members || !members->is_object()) return "{}";
    auto const name = members->find("name");
    return name != members->end() && name->is_string() ? "{name = " + dump_json(*name) + '}' : "{}";
}

struct Show {
    Config& config;
    ConfigKey const& key;

    std::string operator()(std::string& (*field)(Config&)) const { return json_string(field(config)); }
    std::string operator()(std::filesystem::path& (*field)(Config&)) const {
        return json_string(field(config).string());
    }
    std::string operator()(bool& (*field)(Config&)) const { return field(config) ? "true" : "false"; }
    std::string operator()(double& (*field)(Config&)) const { return show_number(field(config)); }
    std::string operator()(std::uint64_t& (*field)(Config&)) const {
        auto const value = field(config);
        if (key.rule.unit != "bytes") return std::to_string(value);
        auto text = show_bytes(static_cast<double>(value));
        return text.ends_with('B') ? json_string(text) : std::to_string(value);
    }
    std::string operator()(std::vector<std::string>& (*field)(Config&)) const {
        std::string text = "[";
        for (auto const& item : field(config)) text += (text.size() > 1 ? ", " : "") + json_string(item);
        return text + ']';
    }
    std::string operator()(std::vector<ConfigTable>& (*field)(Config&)) const {
        std::string text = "[";
        for (auto const& table : field(config)) text += (text.size() > 1 ? ", " : "") + show_table(table);
        return text + ']';
    }
    std::string operator()(TokenMap& (*field)(Config&)) const {
        std::string text;
        for (auto const& [name, entry] : field(config)) {
            text += (text.empty() ? "" : ", ") + name + " (" + entry.substr(0, entry.find(':')) + ": ***)";
        }
        return text.empty() ? "none" : text;
    }
};

}  // namespace

std::optional<std::string> set_config(Config& config, ConfigKey const& key, ConfigValue const& value) {
    return std::visit(Store{config, key, value}, key.field);
}

std::optional<std::string> set_config_text(Config& config, ConfigKey const& key, std::string_view text) {
    return set_config(config, key, std::visit(FromText{text, key}, key.field));
}

std::string show_config(Config const& config, ConfigKey const& key) {
    auto copy = config;  // the accessors hand out what may be written to
    return std::visit(Show{copy, key}, key.field);
}

std::string show_range(ConfigKey const& key) {
    auto const& rule = key.rule;
    if (!rule.choices.empty()) return join(rule.choices, " or ");
    if (rule.least == ConfigRule{}.least) return rule.required ? "not empty" : "";
    auto text = show_with_unit(key, rule.least) + " to " + show_with_unit(key, rule.most);
    if (!rule.unit.empty() && rule.unit != "bytes") text += ' ' + std::string{rule.unit};
    return text;
}

std::optional<std::uint64_t> parse_byte_size(std::string_view text) {
    text = trim(text);
    auto const digits = std::min(text.find_first_not_of("0123456789"), text.size());
    auto const number = parse_number<std::uint64_t>(text.substr(0, digits));
    auto const unit =
        std::ranges::find(size_units, trim(text.substr(digits)), &std::pair<std::string_view, double>::first);
    constexpr double limit = 1e18;
    if (!number || unit == size_units.end() || static_cast<double>(*number) * unit->second > limit) return std::nullopt;
    return *number * static_cast<std::uint64_t>(unit->second);
}

}  // namespace macp::core
