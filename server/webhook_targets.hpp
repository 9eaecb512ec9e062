#pragma once

#include "core/config.hpp"
#include "core/result.hpp"
#include "delivery/targets.hpp"
#include "io/http_client.hpp"

#include <vector>

namespace macp::server {

/// All variables of this process: `secret_env` and `auth_token_env` may name any.
[[nodiscard]] delivery::Environment process_environment();

/// The targets that the configuration asks for: its `[[webhooks]]`, and `macp.webhook` of
/// `.mosaic/orchestrator/config.json` under its root.
/// Errors: InvalidField with every problem of the tables (core/config_problem.hpp); those of
/// `delivery::read_mosaic_webhook`. Blocks on the file system.
[[nodiscard]] core::Result<std::vector<delivery::ConfiguredTarget>> configured_targets(
    core::Config const& config, delivery::Environment const& environment
);

/// What the connections of all targets have in common: which addresses they may go to, and who they say they are.
/// Errors: InvalidField for `outgoing.allow`.
[[nodiscard]] core::Result<io::HttpClientOptions> outgoing_options(core::Config const& config);

/// Whether a server could begin with both. Errors: those above.
[[nodiscard]] core::Result<void> check_delivery(core::Config const& config);

}  // namespace macp::server
