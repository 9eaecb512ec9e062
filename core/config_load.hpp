#pragma once

#include "core/config.hpp"
#include "core/result.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace macp::core {

/// A key's value from the command line.
struct ConfigOption {
    std::string name{};  ///< `--listen`.
    std::string key{};   ///< `listen`.
    std::string value{};
};

/// Everything that a configuration is read from, kept so that SIGHUP can read the same again.
struct ConfigSources {
    std::filesystem::path file{};         ///< From `--config`; empty: search for one.
    std::vector<ConfigOption> options{};  ///< They go before everything else.
    std::map<std::string, std::string> environment{};
    std::filesystem::path working_dir = ".";  ///< Where `macp.toml` is looked for.
    std::filesystem::path home{};             ///< `.config/macp/macp.toml` is looked for under it; empty: not.
};

/// A configuration and where it came from.
struct LoadedConfig {
    Config config{};
    ConfigSources sources{};
    std::filesystem::path file{};  ///< The file that was read; empty: none was found.
    std::map<std::string, std::string> origins{
    };  ///< Key to `macp.toml:3`, `MACP_LISTEN` or `--listen`; keys not here have their default.
    std::vector<std::string> warnings{};  ///< What stops nothing, but was hardly meant: misspelt variables.

    [[nodiscard]] std::string origin(std::string_view key) const;
};

/// The sources of this process.
[[nodiscard]] ConfigSources process_sources(std::filesystem::path file = {});

/// Reads the file (`--config`, MACP_CONFIG, `./macp.toml`, `~/.config/macp/macp.toml`; none is needed), then the
/// environment, the options, then the tokens. Errors: NotFound for a file that was named and is not there; else
/// InvalidField with every problem (core/config_problem.hpp), each with file, line and the nearest known key.
/// Blocks on the file system.
[[nodiscard]] Result<LoadedConfig> load_config(ConfigSources sources);

/// A workspace is never made, for it may be a slip. Errors: InvalidField when `root` is not a folder.
[[nodiscard]] Result<void> check_root(LoadedConfig const& loaded);

/// What only a server minds: a listener beyond loopback without a token, half a TLS pair.
[[nodiscard]] Result<void> check_for_serving(Config const& config);

/// Keys whose value differs and that take a restart to apply.
[[nodiscard]] std::vector<std::string> keys_that_need_restart(Config const& running, Config const& loaded);

/// Copies what SIGHUP may change from `loaded` into `running`.
void apply_reloadable(Config& running, Config const& loaded);

}  // namespace macp::core
