#include "handlers/routes.hpp"
#include "ws/upgrade.hpp"

namespace macp::handlers {
namespace {

using async::Task;
using core::Result;

Task<Result<http::Response>> open_websocket(Services const& services, http::Request request) {
    co_return ws::open_websocket(request, services.hub(*request.shard));
}

Task<Result<http::Response>> stream_events(Services const& services, http::Request request) {
    co_return ws::open_event_stream(request, services.hub(*request.shard));
}

Task<Result<http::Response>> open_echo(http::Request request) {
    co_return ws::open_echo(request);
}

}  // namespace

Routes stream_routes(Services const& services) {
    auto const websocket = [&services](auto request) { return open_websocket(services, std::move(request)); };
    auto const stream = [&services](auto request) { return stream_events(services, std::move(request)); };
    return {
        {.method = "GET", .pattern = "/ws", .operation_id = "openWebSocket", .handler = websocket},
        {.method = "GET", .pattern = "/api/ws", .operation_id = "openWebSocketAlias", .handler = websocket},
        {.method = "GET", .pattern = "/api/events/stream", .operation_id = "streamEvents", .handler = stream},
    };
}

Routes echo_routes() {
    auto const echo = [](auto request) { return open_echo(std::move(request)); };
    return {
        {.method = "GET", .pattern = "/ws/echo", .operation_id = "openEcho", .scope = http::Scope::None, .handler = echo
        }
    };
}

}  // namespace macp::handlers
