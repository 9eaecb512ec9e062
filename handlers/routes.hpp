#pragma once

#include "handlers/services.hpp"
#include "http/message.hpp"

#include <vector>

namespace macp::handlers {

using Routes = std::vector<http::Route>;

/// The routes of each resource; `services` must outlive them.
[[nodiscard]] Routes event_routes(Services const& services);         ///< /api/events and its aliases
[[nodiscard]] Routes hook_routes(Services const& services);          ///< /api/omx/hook, /api/native/hook, /github
[[nodiscard]] Routes reject_routes(Services const& services);        ///< /api/ingest/rejects
[[nodiscard]] Routes webhook_routes(Services const& services);       ///< /api/webhooks, what changes something
[[nodiscard]] Routes webhook_list_routes(Services const& services);  ///< /api/webhooks, /api/events/{seq}/deliveries
[[nodiscard]] Routes health_routes(Services const& services);        ///< /healthz, /readyz, /metrics
[[nodiscard]] Routes system_routes(Services const& services);        ///< /api/status, /api/system/telemetry
[[nodiscard]] Routes spec_routes();                                  ///< /openapi.json, /asyncapi.json, /docs
[[nodiscard]] Routes stream_routes(Services const& services);        ///< /ws, /api/ws, /api/events/stream
/// /ws/echo, which sends messages back: for conformance tests alone, in no specification.
[[nodiscard]] Routes echo_routes();

/// Everything above except the echo, which `echo` adds.
[[nodiscard]] Routes all_routes(Services const& services, bool echo);

}  // namespace macp::handlers
