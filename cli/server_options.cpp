#include "cli/server_options.hpp"

#include "core/config_load.hpp"
#include "core/event_query.hpp"
#include "core/json.hpp"
#include "core/listen_address.hpp"

#include <sys/stat.h>

#include <fstream>

namespace macp::cli {
namespace {

core::Result<std::string> read_token(std::string const& path) {
    struct stat status{};
    std::ifstream file{path};
    std::string line;
    if (::stat(path.c_str(), &status) != 0 || !file) {
        return core::fail(core::ErrorCode::NotFound, "cannot read the token file " + path);
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return core::fail(core::ErrorCode::InvalidField, path + " holds a secret and is open to others: chmod 600 it");
    }
    std::getline(file, line);
    auto token = std::string{core::trim(line)};
    if (token.empty())
        return core::fail(core::ErrorCode::InvalidField, "the first line of " + path + " holds no token");
    return token;
}

std::string variable(core::ConfigSources const& sources, char const* name) {
    auto const found = sources.environment.find(name);
    return found == sources.environment.end() ? std::string{} : std::string{core::trim(found->second)};
}

}  // namespace

void add_server_options(CLI::App& command, ServerOptions& options) {
    command
        .add_option("--url", options.url, "Address of the server; else MACP_URL, else `listen` of the configuration")
        ->type_name("URL");
    command.add_option("--token-file", options.token_file, "File whose first line is the token; else MACP_TOKEN")
        ->type_name("FILE");
    command.add_option("--ca-file", options.ca_file, "Certificates (PEM) to trust; else the system's")
        ->type_name("FILE");
    command.add_option("--config", options.config, "Configuration file; else the usual search")->type_name("FILE");
}

core::Result<client::ClientOptions> client_options(ServerOptions const& options) {
    auto sources = core::process_sources(options.config);
    client::ClientOptions made;
    made.url = options.url.empty() ? variable(sources, "MACP_URL") : options.url;
    made.token = variable(sources, "MACP_TOKEN");
    made.ca_file = options.ca_file;
    if (!options.token_file.empty()) {
        auto token = read_token(options.token_file);
        if (!token) return core::pass_on(token);
        made.token = *std::move(token);
    }
    if (!made.url.empty()) return made;

    auto const loaded = core::load_config(std::move(sources));
    if (!loaded) return core::pass_on(loaded);
    auto const address = core::parse_listen_address(loaded->config.listen);
    if (!address) return core::pass_on(address);
    made.url = address->url(!loaded->config.tls.certificate_file.empty());
    return made;
}

void add_filter_options(CLI::App& command, FilterOptions& options) {
    command.add_option("--type", options.types, "Only events of this type; * stands for anything; may be given again")
        ->type_name("GLOB")
        ->take_all()
        ->expected(1);
    command.add_option("--where", options.where, "Only events whose field of data matches; may be given again")
        ->type_name("FIELD=GLOB")
        ->take_all()
        ->expected(1);
}

std::size_t page_limit(std::size_t wanted) {
    return wanted <= core::max_page_events ? wanted : 0;
}

core::Result<std::vector<std::pair<std::string, std::string>>> parse_where(std::vector<std::string> const& clauses) {
    std::vector<std::pair<std::string, std::string>> where;
    for (auto const& clause : clauses) {
        auto const equals = clause.find('=');
        if (equals == std::string::npos || equals == 0) {
            return core::fail(core::ErrorCode::InvalidField, "--where takes FIELD=GLOB, got `" + clause + '`');
        }
        where.emplace_back(clause.substr(0, equals), clause.substr(equals + 1));
    }
    return where;
}

}  // namespace macp::cli
