#include "core/config_load.hpp"

#include "core/config_problem.hpp"
#include "core/config_tokens.hpp"
#include "core/config_toml.hpp"
#include "core/config_value.hpp"
#include "core/listen_address.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace macp::core {
namespace {

std::string variable(ConfigSources const& sources, std::string const& name) {
    auto const found = sources.environment.find(name);
    return found == sources.environment.end() ? std::string{} : found->second;
}

/// The file to read; empty when there is none. A file that was named must exist.
Result<std::filesystem::path> find_file(ConfigSources const& sources) {
    std::error_code ignored;
    for (auto const& [named, how] :
         {std::pair{sources.file.string(), "--config"}, std::pair{variable(sources, "MACP_CONFIG"), "MACP_CONFIG"}}) {
        if (named.empty()) continue;
        auto path = sources.working_dir / named;
        if (std::filesystem::is_regular_file(path, ignored)) return path;
        return fail(ErrorCode::NotFound, "there is no file " + named + " (named by " + how + ')');
    }
    if (auto path = sources.working_dir / "macp.toml"; std::filesystem::is_regular_file(path, ignored)) return path;
    if (sources.home.empty()) return std::filesystem::path{};
    auto path = sources.home / ".config" / "macp" / "macp.toml";
    return std::filesystem::is_regular_file(path, ignored) ? path : std::filesystem::path{};
}

std::string unknown(ConfigEntry const& entry) {
    bool const tables = std::holds_alternative<std::vector<ConfigTable>>(entry.value);
    if (tables || std::holds_alternative<Unusable>(entry.value)) {
        return "unknown table `" + entry.path + "`; the nearest known table is `" +
               std::string{nearest_config_table(entry.path)} + '`';
    }
    return "unknown key `" + entry.path + "`; the nearest known key is `" +
           std::string{nearest_config_key(entry.path)} + '`';
}

/// What is wrong with an entry of the file, or nothing when it has been stored.
std::optional<std::string> take_entry(Config& config, ConfigEntry const& entry) {
    if (entry.path == "access.token") return set_config(config, *find_config_key("access.tokens"), entry.value);
    auto const* const key = find_config_key(entry.path);
    if (key == nullptr) {
        if (is_config_table(entry.path)) return '`' + entry.path + "` is a table: write [" + entry.path + ']';
        return unknown(entry);
    }
    auto problem = set_config(config, *key, entry.value);
    if (problem) return '`' + entry.path + "` " + *problem;
    return std::nullopt;
}

void read_file(LoadedConfig& loaded, std::vector<ConfigProblem>& problems) {
    std::ifstream file{loaded.file, std::ios::binary};
    std::string const text{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
    auto const name = loaded.file.lexically_normal().string();
    if (!file) problems.push_back({.file = name, .line = 0, .key = {}, .message = "cannot be read"});
    auto entries = parse_config_toml(text, name);
    if (!entries) {
        problems.push_back(std::move(entries).error());
        return;
    }
    std::ranges::sort(*entries, {}, &ConfigEntry::line);
    for (auto const& entry : *entries) {
        if (auto problem = take_entry(loaded.config, entry)) {
            problems.push_back({.file = name, .line = entry.line, .key = entry.path, .message = *std::move(problem)});
        } else {
            loaded.origins[entry.path] = name + ':' + std::to_string(entry.line);
        }
    }
}

/// Stores a text that came under `name`: a variable or an option.
void take_text(
    LoadedConfig& loaded, std::vector<ConfigProblem>& problems, ConfigKey const& key, std::string const& name,
    std::string_view text
) {
    if (auto const problem = set_config_text(loaded.config, key, text)) {
        problems.push_back({.file = {}, .line = 0, .key = name, .message = name + ' ' + *problem});
    } else {
        loaded.origins[std::string{key.path}] = name;
    }
}

void read_environment(LoadedConfig& loaded, std::vector<ConfigProblem>& problems) {
    for (auto const& key : config_keys()) {
        if (std::holds_alternative<TokenMap& (*)(Config&)>(key.field)) continue;
        auto const name = key.environment_name();
        auto const found = loaded.sources.environment.find(name);
        if (found == loaded.sources.environment.end()) continue;
        take_text(loaded, problems, key, name, found->second);
    }
    for (auto const& [name, value] : loaded.sources.environment) {
        auto const nearest = nearest_variable(name);
        if (nearest.empty()) continue;
        auto& warning = loaded.warnings.emplace_back(name);
        warning.append(" is not known; the nearest variable is ").append(nearest);
    }
}

void read_options(LoadedConfig& loaded, std::vector<ConfigProblem>& problems) {
    for (auto const& option : loaded.sources.options) {
        take_text(loaded, problems, *find_config_key(option.key), option.name, option.value);
    }
}

}  // namespace

std::string LoadedConfig::origin(std::string_view key) const {
    auto const found = origins.find(std::string{key});
    return found == origins.end() ? "default" : found->second;
}

ConfigSources process_sources(std::filesystem::path file) {
    ConfigSources sources{.file = std::move(file)};
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::string_view const text{*entry};
        auto const equals = text.find('=');
        if (text.starts_with("MACP_") && equals != std::string_view::npos) {
            sources.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
        } else if (text.starts_with("HOME=")) {
            sources.home = text.substr(5);
        }
    }
    return sources;
}

Result<LoadedConfig> load_config(ConfigSources sources) {
    auto file = find_file(sources);
    if (!file) return pass_on(file);
    LoadedConfig loaded{.config = {}, .sources = std::move(sources), .file = *std::move(file), .origins = {}};
    std::vector<ConfigProblem> problems;
    if (!loaded.file.empty()) read_file(loaded, problems);
    read_environment(loaded, problems);
    read_options(loaded, problems);
    read_environment_tokens(loaded, problems);
    read_token_file(loaded, problems);
    if (problems.empty()) return loaded;
    return tl::unexpected<Error>{to_error(problems)};
}

Result<void> check_root(LoadedConfig const& loaded) {
    std::error_code ignored;
    if (std::filesystem::is_directory(loaded.config.root, ignored)) return {};
    return fail(
        ErrorCode::InvalidField,
        "the workspace " + loaded.config.root.string() + " (`root`, from " + loaded.origin("root") +
            ") is not a folder: name another, or make it first",
        "root"
    );
}

Result<void> check_for_serving(Config const& config) {
    if (config.tls.certificate_file.empty() != config.tls.key_file.empty()) {
        return fail(
            ErrorCode::InvalidField, "tls.certificate_file and tls.key_file belong together: one of them is missing",
            config.tls.key_file.empty() ? "tls.key_file" : "tls.certificate_file"
        );
    }
    if (!config.access.tokens.empty()) return {};
    for (auto const& [key, text] : {std::pair{"listen", config.listen}, std::pair{"ws.listen", config.ws.listen}}) {
        if (text.empty()) continue;
        auto const address = parse_listen_address(text);
        if (!address) return fail(ErrorCode::InvalidField, std::string{key} + ": " + address.error().message, key);
        if (!address->loopback()) {
            return fail(
                ErrorCode::InvalidField,
                std::string{key} + " = \"" + text +
                    "\" can be reached from other machines, so a token is needed: set MACP_TOKEN or "
                    "access.tokens_file, or listen on 127.0.0.1",
                key
            );
        }
    }
    return {};
}

}  // namespace macp::core
