#pragma once

#include "client/client.hpp"
#include "core/filter.hpp"
#include "core/result.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <utility>
#include <vector>

namespace macp::cli {

/// How a command finds its server and proves who it is.
struct ServerOptions {
    std::string url{};
    std::string token_file{};
    std::string ca_file{};
    std::string config{};
};
void add_server_options(CLI::App& command, ServerOptions& options);

/// The address from `--url`, MACP_URL or the configuration's `listen`; the token from `--token-file` or MACP_TOKEN.
/// Errors: those of the configuration, and InvalidField or NotFound for a token file.
[[nodiscard]] core::Result<client::ClientOptions> client_options(ServerOptions const& options);

/// Which events a command is about, as text.
struct FilterOptions {
    std::vector<std::string> types{};
    std::vector<std::string> where{};
};
void add_filter_options(CLI::App& command, FilterOptions& options);

/// What to ask the server for when so many events are wanted (0: all); beyond its most per request, it is not told.
[[nodiscard]] std::size_t page_limit(std::size_t wanted);

/// `field=glob` each. Errors: InvalidField.
[[nodiscard]] core::Result<std::vector<std::pair<std::string, std::string>>> parse_where(
    std::vector<std::string> const& clauses
);

}  // namespace macp::cli
