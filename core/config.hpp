#pragma once

#include "core/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace macp::core {

/// One table of a list of tables, as JSON text. What its members mean is not known here.
struct ConfigTable {
    std::string json{};
    std::string file{};                          ///< Where it stands; else the variable.
    std::map<std::string, std::size_t> lines{};  ///< By JSON pointer; its own by the empty one. None in a variable.

    bool operator==(ConfigTable const& other) const { return json == other.json; }
};

/// Everything that can be configured, with its default. The table in `config_keys.cpp` gives each key its unit, range,
/// description, environment name and whether SIGHUP applies it; nothing else reads files or the environment.
struct Config {
    std::string listen = "127.0.0.1:25294";  ///< Address of the HTTP and WebSocket listener; port 0: any free one.
    std::size_t threads = 0;                 ///< Event loops; 0: one a core.
    double drain_seconds = 10;               ///< How long a stop waits for requests and WebSockets.
    std::filesystem::path root = ".";        ///< The workspace; `.mosaic/orchestrator` lives under it.
    std::vector<std::string> roots{"."};     ///< Where tasks may run and files may be read from.

    struct Log {
        std::string engine = "sqlite";
        std::filesystem::path path = ".mosaic/orchestrator/macp.db";  ///< Relative to `root`.
        /// `full`: every commit reaches the disk; `normal`: a power cut may lose the last ones.
        std::string synchronous = "full";
        double max_age_days = 30;                          ///< Older events are dropped; 0: never.
        std::uint64_t max_bytes = std::uint64_t{8} << 30;  ///< The oldest events are dropped above this; 0: never.
        std::size_t tail_bytes = std::size_t{8} << 20;     ///< Newest events kept in memory for all readers.
        std::size_t queue_bytes = std::size_t{64} << 20;   ///< Appends that may wait for the writer.
        std::string integrity_check = "quick";             ///< At the start: `quick`, `full` or `off`.
        std::size_t readers = 2;                           ///< Threads that read pages from the disk.
    } log;

    struct Watch {
        std::vector<std::string> events{".mosaic/orchestrator/events.ndjson"};  ///< Paths or globs under `root`.
        double poll_interval_seconds = 2.0;
        std::size_t max_line_bytes = std::size_t{16} << 20;
        bool enabled = true;
    } watch;

    struct Github {
        std::string secret_env = "GITHUB_WEBHOOK_SECRET";  ///< Names the environment variable that holds the secret.
    } github;

    /// Targets that events are delivered to; read by `server/webhook_targets.hpp`.
    std::vector<ConfigTable> webhooks{};

    struct Outgoing {
        bool allow_loopback = false;  ///< Allowed anyway while the gateway itself listens on loopback alone.
        bool allow_private = false;
        std::vector<std::string> allow{};  ///< Addresses, CIDR blocks, host names, names under one (`*.internal`).
    } outgoing;

    struct Http {
        std::size_t header_bytes = std::size_t{16} << 10;
        std::size_t body_bytes = std::size_t{1} << 20;          ///< Hooks and control calls.
        std::size_t bulk_body_bytes = std::size_t{16} << 20;    ///< Bulk ingest.
        std::size_t all_bodies_bytes = std::size_t{256} << 20;  ///< Of all requests at once; beyond it 503.
        double header_timeout_seconds = 10;
        double body_timeout_seconds = 60;
        double idle_timeout_seconds = 60;
        double request_timeout_seconds = 30;  ///< Longest that a handler may take.
        std::size_t max_connections = 10'000;
        std::size_t max_in_flight = 1'000;    ///< Requests being handled at once on one shard.
        std::size_t gzip_min_bytes = 16'384;  ///< Answers from this size on are compressed when asked for; 0: never.
        std::string access_log = "errors";    ///< `off`, `errors` or `all`.
    } http;

    struct Ws {
        std::string listen{};              ///< A second listener for WebSocket alone; empty: none.
        double heartbeat_seconds = 25;     ///< Between pings to a silent peer.
        double idle_timeout_seconds = 60;  ///< A peer that has answered nothing for so long is closed with 4408.
        std::size_t command_bytes = std::size_t{64} << 10;  ///< Longest message from a client.
        std::size_t ring_bytes = std::size_t{8} << 20;      ///< Framed events kept per shard and sub-protocol.
        double flush_interval_ms = 0;                       ///< Least time between two flushes; 0: at once.
        std::size_t max_subscribers = 10'000;
        bool io_uring = true;  ///< Send a flush as one batch where the kernel can.
    } ws;

    struct Access {
        std::map<std::string, std::string> tokens{};  ///< Name to `scopes:token`; from the environment or a file only.
        std::string tokens_file{};                    ///< One `name scopes token` a line.
        std::vector<std::string> hosts{};    ///< `Host` values served beside the listener's own and loopback names.
        std::vector<std::string> origins{};  ///< Browser origins allowed beside the gateway's own.
    } access;

    struct Tls {
        std::string certificate_file{};
        std::string key_file{};
    } tls;

    struct LogOutput {
        std::string level = "info";
        std::string format = "text";  ///< `text` or `json`.
    } logging;
};

}  // namespace macp::core
