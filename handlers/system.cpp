#include "handlers/routes.hpp"

namespace macp::handlers {
namespace {

using async::Task;
using core::Result;

Task<Result<http::Response>> get_status(Services const& services) {
    co_return http::json_response(co_await services.status());
}

Task<Result<http::Response>> get_telemetry(Services const& services) {
    co_return http::json_response(co_await services.telemetry());
}

}  // namespace

Routes system_routes(Services const& services) {
    auto const status = [&services](auto const& /*request*/) { return get_status(services); };
    auto const telemetry = [&services](auto const& /*request*/) { return get_telemetry(services); };
    return {
        {.method = "GET", .pattern = "/api/status", .operation_id = "getStatus", .handler = status},
        {.method = "GET", .pattern = "/api/system/telemetry", .operation_id = "getTelemetry", .handler = telemetry},
    };
}

}  // namespace macp::handlers
