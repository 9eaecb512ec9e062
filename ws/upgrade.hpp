#pragma once

#include "core/result.hpp"
#include "http/message.hpp"

namespace macp::ws {

class Hub;

/// The opening handshake of RFC 6455, then a session on `hub` that subscribes at once to what the query asks for
/// (`channels`, `type`, `source`, `subject`, fields of data, `since`, `interval_ms`). `hub` is that of the request's
/// shard. Errors: InvalidField for a bad query or handshake header, Overloaded when all seats are taken; a request that
/// asks for no upgrade is answered 426.
[[nodiscard]] core::Result<http::Response> open_websocket(http::Request const& request, Hub& hub);

/// Server-sent events with the same query; `Last-Event-ID` goes before `since`. Errors: as above.
[[nodiscard]] core::Result<http::Response> open_event_stream(http::Request const& request, Hub& hub);

/// A WebSocket that sends every message back, for conformance tests. Errors: as `open_websocket`.
[[nodiscard]] core::Result<http::Response> open_echo(http::Request const& request);

}  // namespace macp::ws
