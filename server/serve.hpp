#pragma once

#include "core/config_load.hpp"

namespace macp::server {

/// Runs the gateway until SIGINT or SIGTERM; SIGHUP reads the configuration again. Returns the process's exit code:
/// 0 after a drain, 1 when it could not start. Blocks.
[[nodiscard]] int serve(core::LoadedConfig const& config);

}  // namespace macp::server
