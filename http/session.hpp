#pragma once

#include "http/connection.hpp"
#include "http/message.hpp"

#include <string>

namespace macp::http {

/// Who speaks on a connection once HTTP is over, and what the peer has sent already.
struct Handover {
    Takeover take{};  ///< None: the connection has ended.
    std::string leftover{};
};

/// Answers requests until the peer or a limit ends it, or a handler takes over. Cancellation: terminal.
[[nodiscard]] async::Task<Handover> serve_http(Connection& connection);

/// Says 503 and closes.
[[nodiscard]] async::Task<> refuse_connection(Connection& connection);

}  // namespace macp::http
