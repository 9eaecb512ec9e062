#pragma once

#include "core/config_load.hpp"
#include "core/config_problem.hpp"

#include <vector>

namespace macp::core {

/// Adds the tokens of the environment: `MACP_TOKEN` (admin, named `default`) and `MACP_TOKEN_<NAME>=scopes:token`.
/// Problems never repeat a secret.
void read_environment_tokens(LoadedConfig& loaded, std::vector<ConfigProblem>& problems);

/// Adds the tokens of `access.tokens_file`, when it is set: `name scopes token` a line, `#` begins a comment.
/// A relative path counts from the working directory.
void read_token_file(LoadedConfig& loaded, std::vector<ConfigProblem>& problems);

}  // namespace macp::core
