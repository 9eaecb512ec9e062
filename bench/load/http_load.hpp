#pragma once

#include "bench/net/fd.hpp"

#include <nlohmann/json_fwd.hpp>
#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace macp::bench {

struct HttpLoadOptions {
    Address address{};
    std::string path = "/";
    std::size_t connections = 64;
    std::size_t pipeline = 1;    ///< Requests in flight on a connection.
    std::size_t post_lines = 0;  ///< Event lines in the body of each POST; 0: GET.
    std::size_t line_bytes = 256;
    double rate = 0;  ///< Requests a second over all connections; 0: as fast as they are answered.
    double warmup_seconds = 0.3;
    double seconds = 2;
    std::vector<pid_t> server_pids{};
};

/// Loads an HTTP server and says how many requests it answered, how fast, and for how much CPU.
/// Throws std::runtime_error when a connection breaks or answers stay out.
[[nodiscard]] nlohmann::ordered_json run_http_load(HttpLoadOptions const& options);

}  // namespace macp::bench
