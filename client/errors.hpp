#pragma once

#include "core/result.hpp"

#include <string>

namespace macp::client {

/// The HTTP status of the answer that refused; 0 when there was no answer.
[[nodiscard]] unsigned http_status(core::Error const& error);

/// Names the refused request in the gateway's log; empty when there was no answer.
[[nodiscard]] std::string request_id(core::Error const& error);

/// True when nobody answered at the address (as opposed to a gateway that said 503).
[[nodiscard]] bool is_unreachable(core::Error const& error);

}  // namespace macp::client
