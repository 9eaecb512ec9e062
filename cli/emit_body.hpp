#pragma once

#include "core/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace macp::cli {

/// What `macp emit` was given.
struct EmitRequest {
    std::string type{};
    std::string id{};
    std::string source{};
    std::string subject{};
    std::string data{};                  ///< JSON text; empty: none.
    std::vector<std::string> members{};  ///< `--key value`, `--key=value` or `--key:=json`, as on the command line.
};

/// The body to post. With a source or a subject it is a CloudEvent, for only that can set them.
/// Errors: BadJson, InvalidField.
[[nodiscard]] core::Result<nlohmann::json> emit_body(EmitRequest const& request);

}  // namespace macp::cli
