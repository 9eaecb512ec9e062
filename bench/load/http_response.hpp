#pragma once

#include <cstddef>
#include <string_view>

namespace macp::bench {

/// The first complete HTTP/1.1 response in `text`.
struct HttpResponse {
    int status = 0;           ///< 0: not complete yet.
    std::size_t size = 0;     ///< Bytes of head and body together.
    std::string_view head{};  ///< Status line and fields.
};

/// Reads one response with a Content-Length (or a status without a body).
/// Throws std::runtime_error on anything else, a chunked body included.
[[nodiscard]] HttpResponse read_response(std::string_view text);

}  // namespace macp::bench
