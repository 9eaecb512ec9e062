#include "core/config_keys.hpp"

#include <algorithm>
#include <numeric>

namespace macp::core {
namespace {

/// Levenshtein distance.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            auto const change = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({change, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

std::string_view last_part(std::string_view path) {
    return path.substr(path.rfind('.') + 1);
}
std::string_view table_of(std::string_view path) {
    auto const dot = path.rfind('.');
    return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

/// A key put into the wrong table is as near as one misspelt by a letter.
std::size_t key_distance(std::string_view path, std::string_view known) {
    return std::min(edit_distance(path, known), edit_distance(last_part(path), last_part(known)) + 1);
}

struct TypeNames {
    bool bytes;
    std::string_view operator()(std::string& (* /*field*/)(Config&)) const { return "text"; }
    std::string_view operator()(std::filesystem::path& (* /*field*/)(Config&)) const { return "a path"; }
    std::string_view operator()(bool& (* /*field*/)(Config&)) const { return "true or false"; }
    std::string_view operator()(double& (* /*field*/)(Config&)) const { return "a number"; }
    std::string_view operator()(std::uint64_t& (* /*field*/)(Config&)) const {
        return bytes ? "a size" : "a whole number";
    }
    std::string_view operator()(std::vector<std::string>& (* /*field*/)(Config&)) const {
        return "text or a list of texts";
    }
    std::string_view operator()(std::vector<ConfigTable>& (* /*field*/)(Config&)) const { return "a list of tables"; }
    std::string_view operator()(TokenMap& (* /*field*/)(Config&)) const { return "tokens"; }
};

}  // namespace

std::string ConfigKey::environment_name() const {
    if (std::holds_alternative<TokenMap& (*)(Config&)>(field)) return "MACP_TOKEN";
    std::string name = "MACP_";
    for (char const c : path) {
        bool const lower = c >= 'a' && c <= 'z';
        name += c == '.' ? '_' : lower ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return name;
}

std::string_view ConfigKey::type_name() const {
    return std::visit(TypeNames{rule.unit == "bytes"}, field);
}

ConfigKey const* find_config_key(std::string_view path) {
    auto const keys = config_keys();
    auto const found = std::ranges::find(keys, path, &ConfigKey::path);
    return found == keys.end() ? nullptr : &*found;
}

std::string_view nearest_config_key(std::string_view path) {
    auto const distance = [path](ConfigKey const& key) { return key_distance(path, key.path); };
    return std::ranges::min_element(config_keys(), {}, distance)->path;
}

std::string_view nearest_config_table(std::string_view table) {
    std::string_view nearest = table_of(config_keys().back().path);
    for (auto const& key : config_keys()) {
        bool const tables = std::holds_alternative<std::vector<ConfigTable>& (*)(Config&)>(key.field);
        auto const candidate = tables ? key.path : table_of(key.path);
        if (candidate.empty()) continue;
        if (edit_distance(table, candidate) < edit_distance(table, nearest)) nearest = candidate;
    }
    return nearest;
}

std::string nearest_variable(std::string_view name) {
    constexpr std::string_view prefix = "MACP_";
    if (!name.starts_with(prefix) || name.starts_with("MACP_TOKEN_")) return {};
    std::vector<std::string> known{"MACP_CONFIG", "MACP_TOKEN", "MACP_URL"};
    for (auto const& key : config_keys()) known.push_back(key.environment_name());
    std::string nearest;
    auto least = (name.size() - prefix.size()) / 2 + 1;  // more is another word
    for (auto& candidate : known) {
        if (candidate == name) return {};
        bool const extends = candidate.starts_with(std::string{name} + '_') || name.starts_with(candidate + '_');
        auto const distance = extends ? 1 : edit_distance(name, candidate);
        if (distance >= least) continue;
        least = distance;
        nearest = std::move(candidate);
    }
    return nearest;
}

bool is_config_table(std::string_view table) {
    auto const under = [table](ConfigKey const& key) { return table_of(key.path) == table; };
    return !table.empty() && std::ranges::any_of(config_keys(), under);
}

}  // namespace macp::core
