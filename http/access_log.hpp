#pragma once

#include "http/limits.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace macp::http {

/// One answered request, for the log.
struct AccessEntry {
    std::string_view method{};
    std::string_view target{};  ///< As sent; secrets in it are left out of the line.
    unsigned status = 0;
    std::uint64_t bytes = 0;  ///< Of the body.
    std::chrono::steady_clock::duration took{};
    std::string_view request_id{};
    std::string_view remote{};
    std::string_view caller{};
};

/// Writes one line by consequence: 5xx error, 4xx warning, the rest info (and only with `All`).
void log_access(AccessLogging logging, AccessEntry const& entry);

}  // namespace macp::http
