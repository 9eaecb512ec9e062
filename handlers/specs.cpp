#include "handlers/routes.hpp"
#include "openapi/embedded.hpp"

#include <memory>
#include <string>

namespace macp::handlers {
namespace {

using async::Task;
using core::Result;
using Text = std::shared_ptr<std::string const>;

Task<Result<http::Response>> hand_out(Text text, std::string_view type, std::string_view policy) {
    http::Response response{.content_type = std::string{type}, .shared = std::move(text)};
    response.headers.emplace_back("Cache-Control", "no-cache");
    if (!policy.empty()) response.headers.emplace_back("Content-Security-Policy", policy);
    co_return response;
}

http::Route page(
    std::string_view path, std::string_view operation, std::string_view text, std::string_view type,
    std::string_view policy = {}
) {
    auto handler = [shared = std::make_shared<std::string const>(text), type,
                    policy](http::Request const& /*request*/) { return hand_out(shared, type, policy); };
    return {
        .method = "GET",
        .pattern = path,
        .operation_id = operation,
        .scope = http::Scope::None,
        .handler = std::move(handler)
    };
}

}  // namespace

Routes spec_routes() {
    Routes routes;
    routes.push_back(page("/openapi.json", "getOpenapi", openapi::openapi_json(), "application/json"));
    routes.push_back(page("/asyncapi.json", "getAsyncapi", openapi::asyncapi_json(), "application/json"));
    routes.push_back(page("/docs", "getDocs", openapi::docs_html(), "text/html; charset=utf-8", openapi::docs_policy())
    );
    return routes;
}

}  // namespace macp::handlers
