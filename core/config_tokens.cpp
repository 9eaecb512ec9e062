#include "core/config_tokens.hpp"

#include "core/ascii.hpp"
#include "core/json.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

namespace macp::core {
namespace {

constexpr std::array<std::string_view, 4> known_scopes{"read", "ingest", "control", "admin"};
constexpr std::string_view admin_variable = "MACP_TOKEN";
constexpr std::string_view prefix = "MACP_TOKEN_";

/// What is wrong with a list of scopes; empty: nothing.
std::string scope_problem(std::string_view scopes) {
    for (std::size_t at = 0; at <= scopes.size();) {
        auto const comma = std::min(scopes.find(',', at), scopes.size());
        auto const scope = trim(scopes.substr(at, comma - at));
        if (std::ranges::find(known_scopes, scope) == known_scopes.end()) {
            return "scopes are read, ingest, control and admin, separated by commas";
        }
        at = comma + 1;
    }
    return {};
}

/// Stores a token; answers what is wrong with it, without the token itself.
std::string add_token(LoadedConfig& loaded, std::string const& name, std::string_view scopes, std::string_view token) {
    if (auto problem = scope_problem(scopes); !problem.empty()) return problem;
    auto const odd = [](char c) { return static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) > '~'; };
    if (token.empty() || std::ranges::any_of(token, odd)) {
        return "a token is a run of printable ASCII characters without white space";
    }
    std::string packed;
    std::ranges::copy_if(scopes, std::back_inserter(packed), [](char c) { return c != ' '; });
    packed += ':';
    packed += token;
    if (!loaded.config.access.tokens.emplace(name, std::move(packed)).second) {
        return "there is more than one token named `" + name + '`';
    }
    return {};
}

/// What is wrong with keeping secrets in this file; empty: nothing.
std::string permission_problem(std::filesystem::path const& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return "cannot be read";
    constexpr auto group_or_world = static_cast<mode_t>(S_IRWXG | S_IRWXO);
    if ((status.st_mode & group_or_world) != 0) return "holds secrets and is open to others: chmod 600 it";
    return {};
}

/// Takes the tokens of one variable. Returns what is wrong with it; empty: nothing.
std::string read_variable(LoadedConfig& loaded, std::string_view variable, std::string_view value) {
    if (variable == admin_variable) return add_token(loaded, "default", "admin", trim(value));
    auto const colon = value.find(':');
    if (colon == std::string_view::npos || variable.size() == prefix.size()) {
        return "must be `scopes:token`, for example `read,ingest:…`";
    }
    auto const name = lower_case(variable.substr(prefix.size()));
    return add_token(loaded, name, trim(value.substr(0, colon)), trim(value.substr(colon + 1)));
}

}  // namespace

void read_environment_tokens(LoadedConfig& loaded, std::vector<ConfigProblem>& problems) {
    auto& origin = loaded.origins["access.tokens"];
    for (auto const& [variable, value] : loaded.sources.environment) {
        if (variable != admin_variable && !variable.starts_with(prefix)) continue;
        if (trim(value).empty()) continue;
        if (auto const problem = read_variable(loaded, variable, value); !problem.empty()) {
            auto& told =
                problems.emplace_back(ConfigProblem{.file = {}, .line = 0, .key = variable, .message = variable});
            told.message.append(": ").append(problem);
        }
        origin.append(origin.empty() ? "" : ", ").append(variable);
    }
    if (origin.empty()) loaded.origins.erase("access.tokens");
}

void read_token_file(LoadedConfig& loaded, std::vector<ConfigProblem>& problems) {
    if (loaded.config.access.tokens_file.empty()) return;
    auto const path = loaded.sources.working_dir / loaded.config.access.tokens_file;
    auto const refuse = [&](std::size_t line, std::string message) {
        problems.push_back(
            {.file = path.string(), .line = line, .key = "access.tokens_file", .message = std::move(message)}
        );
    };
    if (auto const problem = permission_problem(path); !problem.empty()) {
        return refuse(0, "access.tokens_file " + problem);
    }
    std::ifstream file{path};
    if (!file) refuse(0, "access.tokens_file cannot be read");
    std::string line;
    for (std::size_t number = 1; std::getline(file, line); ++number) {
        if (trim(line).empty() || trim(line).front() == '#') continue;
        std::istringstream words{line};
        std::string name;
        std::string scopes;
        std::string token;
        std::string extra;
        words >> name >> scopes >> token;
        auto problem =
            words >> extra ? std::string{"a line is `name scopes token`"} : add_token(loaded, name, scopes, token);
        if (!problem.empty()) refuse(number, problem);
    }
    auto& origin = loaded.origins["access.tokens"];
    origin += (origin.empty() ? "" : ", ") + path.string();
}

}  // namespace macp::core
