#include "handlers/routes.hpp"

namespace macp::handlers {
namespace {

using async::Task;
using core::Result;

Task<Result<http::Response>> get_healthz() {
    co_return http::json_response(R"({"status":"ok"})");
}

Task<Result<http::Response>> get_readyz(Services const& services) {
    auto readiness = services.readiness();
    co_return http::json_response(std::move(readiness.document), readiness.ready ? 200 : 503);
}

Task<Result<http::Response>> get_metrics(Services const& services) {
    co_return http::Response{
        .content_type = "text/plain; version=0.0.4; charset=utf-8", .body = co_await services.metrics()
    };
}

}  // namespace

Routes health_routes(Services const& services) {
    using http::Scope;
    auto const alive = [](auto const& /*request*/) { return get_healthz(); };
    auto const ready = [&services](auto const& /*request*/) { return get_readyz(services); };
    auto const metrics = [&services](auto const& /*request*/) { return get_metrics(services); };
    return {
        {.method = "GET", .pattern = "/healthz", .operation_id = "getHealthz", .scope = Scope::None, .handler = alive},
        {.method = "GET", .pattern = "/health", .operation_id = "getHealth", .scope = Scope::None, .handler = alive},
        {.method = "GET", .pattern = "/readyz", .operation_id = "getReadyz", .scope = Scope::None, .handler = ready},
        {.method = "GET", .pattern = "/metrics", .operation_id = "getMetrics", .handler = metrics},
    };
}

}  // namespace macp::handlers
