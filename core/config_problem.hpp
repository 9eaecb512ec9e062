#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace macp::core {

/// One mistake in a configuration.
struct ConfigProblem {
    std::string file{};     ///< Where it stands; empty: in no file.
    std::size_t line = 0;   ///< 0: it has none.
    std::string key{};      ///< The key, variable or command line option at fault; empty: none is.
    std::string message{};  ///< For people; never holds a secret.

    /// `macp.toml:3: …` or `environment: …`.
    [[nodiscard]] std::string text() const;
};

/// All of them as one failure, InvalidField: a line each in `message`. Its member `errors` is a JSON list of objects
/// with `file`, `line`, `key` and `message`, null where there is none.
[[nodiscard]] Error to_error(std::vector<ConfigProblem> const& problems);

}  // namespace macp::core
