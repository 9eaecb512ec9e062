#pragma once

#include <string_view>

namespace macp::openapi {

/// The documents of this folder as they are served; they live as long as the program. Threads: any.

[[nodiscard]] std::string_view openapi_json();   ///< OpenAPI 3.1, for `/openapi.json` (`application/json`).
[[nodiscard]] std::string_view asyncapi_json();  ///< AsyncAPI 3.0, for `/asyncapi.json` (`application/json`).
[[nodiscard]] std::string_view docs_html();    ///< The page that shows both, for `/docs` (`text/html; charset=utf-8`).
[[nodiscard]] std::string_view docs_policy();  ///< The page's Content-Security-Policy: its own script and style only.

}  // namespace macp::openapi
