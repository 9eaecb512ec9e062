#pragma once

#include <string>
#include <vector>

namespace macp::openapi {

/// One operation of the spec, as the route table should have it.
struct Operation {
    std::string method{};  ///< Upper case.
    std::string path{};    ///< With `{name}` for parameters.
    std::string operation_id{};
    std::string scope{};  ///< What a token needs (`read`, `ingest`, `control`); empty: open to everyone.
    bool has_body = false;

    bool operator==(Operation const&) const = default;
};

/// All operations of the embedded OpenAPI, in the order of path and method. Threads: any.
[[nodiscard]] std::vector<Operation> operations();

}  // namespace macp::openapi
