#pragma once

#include "core/config.hpp"

#include <chrono>
#include <cstddef>
#include <string_view>

namespace macp::http {

enum class AccessLogging { Off, Errors, All };

/// Bounds of every connection. Tests set all of them to an hour or a gigabyte except the one that they look at.
struct Limits {
    using Duration = std::chrono::milliseconds;

    std::size_t target_bytes = std::size_t{8} << 10;  ///< Path and query.
    std::size_t header_bytes = std::size_t{16} << 10;
    std::size_t body_bytes = std::size_t{1} << 20;
    std::size_t bulk_body_bytes = std::size_t{16} << 20;
    std::size_t all_bodies_bytes = std::size_t{256} << 20;  ///< Bodies of all requests at once, of the whole server.
    Duration header_timeout{10'000};       ///< From the first byte of a request to the end of its header.
    Duration body_timeout{60'000};         ///< For the whole body.
    Duration idle_timeout{60'000};         ///< Between requests, and for a peer that takes nothing of an answer.
    Duration request_timeout{30'000};      ///< Longest that a handler may take.
    std::size_t max_connections = 10'000;  ///< Of the whole server.
    std::size_t max_in_flight = 1'000;     ///< Requests being handled at once on one shard.
    std::size_t gzip_min_bytes = 16'384;   ///< 0: never compress.
    AccessLogging access_log = AccessLogging::Errors;

    [[nodiscard]] static Limits from(core::Config::Http const& config) {
        auto const milliseconds = [](double seconds) {
            return std::chrono::duration_cast<Duration>(std::chrono::duration<double>{seconds});
        };
        auto const logging = [](std::string_view name) {
            if (name == "off") return AccessLogging::Off;
            return name == "all" ? AccessLogging::All : AccessLogging::Errors;
        };
        return {
            .header_bytes = config.header_bytes,
            .body_bytes = config.body_bytes,
            .bulk_body_bytes = config.bulk_body_bytes,
            .all_bodies_bytes = config.all_bodies_bytes,
            .header_timeout = milliseconds(config.header_timeout_seconds),
            .body_timeout = milliseconds(config.body_timeout_seconds),
            .idle_timeout = milliseconds(config.idle_timeout_seconds),
            .request_timeout = milliseconds(config.request_timeout_seconds),
            .max_connections = config.max_connections,
            .max_in_flight = config.max_in_flight,
            .gzip_min_bytes = config.gzip_min_bytes,
            .access_log = logging(config.access_log),
        };
    }
};

}  // namespace macp::http
