#include "core/config_keys.hpp"

#include "core/listen_address.hpp"

namespace macp::core {
namespace {

constexpr double kib = 1024;
constexpr double mib = 1024 * kib;
constexpr double gib = 1024 * mib;
constexpr double day_seconds = 86'400;

constexpr bool reloadable = true;
constexpr bool at_start = false;

std::optional<std::string> check_address(std::string_view text) {
    auto const address = parse_listen_address(text);
    if (address) return std::nullopt;
    return address.error().message;
}

ConfigRule seconds(double least, double most) {
    return {.unit = "seconds", .least = least, .most = most};
}
ConfigRule bytes(double least, double most) {
    return {.unit = "bytes", .least = least, .most = most};
}
ConfigRule count(double least, double most) {
    return {.least = least, .most = most};
}
ConfigRule one_of(std::vector<std::string_view> choices) {
    return {.choices = std::move(choices)};
}
ConfigRule not_empty() {
    return {.required = true};
}
ConfigRule anything() {
    return {};
}

template <class Access>
ConfigKey key(std::string_view path, Access access, ConfigRule rule, bool reload, std::string_view description) {
    return {.path = path, .field = +access, .rule = std::move(rule), .reloadable = reload, .description = description};
}

using Keys = std::vector<ConfigKey>;

void add(Keys& keys, std::vector<ConfigKey> more) {
    for (auto& one : more) keys.push_back(std::move(one));
}

Keys top_keys() {
    return {
        key(
            "listen", [](Config& c) -> auto& { return c.listen; }, {.required = true, .check = check_address}, at_start,
            "Address of the HTTP and WebSocket listener; port 0 takes any free one. Anything but loopback needs a "
            "token."
        ),
        key(
            "threads", [](Config& c) -> auto& { return c.threads; }, count(0, 256), at_start,
            "Event loops, one thread each; 0 stands for one a core that it may run on."
        ),
        key(
            "drain_seconds", [](Config& c) -> auto& { return c.drain_seconds; }, seconds(0, 3600), reloadable,
            "How long a stop waits for requests and WebSockets to finish."
        ),
        key(
            "root", [](Config& c) -> auto& { return c.root; }, not_empty(), at_start,
            "The workspace; `.mosaic/orchestrator` lives under it."
        ),
        key(
            "roots", [](Config& c) -> auto& { return c.roots; }, not_empty(), at_start,
            "Folders where tasks may run and files may be read from."
        ),
    };
}

Keys log_keys() {
    return {
        key(
            "log.engine", [](Config& c) -> auto& { return c.log.engine; }, one_of({"sqlite"}), at_start,
            "Where the log of events is stored."
        ),
        key(
            "log.path", [](Config& c) -> auto& { return c.log.path; }, not_empty(), at_start,
            "The log's database file, relative to `root`."
        ),
        key(
            "log.synchronous", [](Config& c) -> auto& { return c.log.synchronous; }, one_of({"full", "normal"}),
            at_start,
            "`full`: every commit reaches the disk before it is answered; `normal`: a power cut may lose the last ones."
        ),
        key(
            "log.max_age_days", [](Config& c) -> auto& { return c.log.max_age_days; },
            {.unit = "days", .least = 0, .most = 36'500}, at_start, "Older events are dropped; 0 keeps them for ever."
        ),
        key(
            "log.max_bytes", [](Config& c) -> auto& { return c.log.max_bytes; }, bytes(0, 1024 * 1024 * gib), at_start,
            "Above this the oldest events are dropped; 0 sets no bound."
        ),
        key(
            "log.tail_bytes", [](Config& c) -> auto& { return c.log.tail_bytes; }, bytes(64 * kib, 64 * gib), at_start,
            "Newest events kept in memory for all readers together."
        ),
        key(
            "log.queue_bytes", [](Config& c) -> auto& { return c.log.queue_bytes; }, bytes(mib, 64 * gib), at_start,
            "Appends that may wait for the writer; beyond it ingest is told to come back later."
        ),
        key(
            "log.integrity_check", [](Config& c) -> auto& { return c.log.integrity_check; },
            one_of({"quick", "full", "off"}), at_start, "How the database is checked at the start."
        ),
        key(
            "log.readers", [](Config& c) -> auto& { return c.log.readers; }, count(1, 64), at_start,
            "Threads that read pages of the log from the disk."
        ),
    };
}

Keys watch_keys() {
    return {
        key(
            "watch.enabled", [](Config& c) -> auto& { return c.watch.enabled; }, anything(), at_start,
            "Whether `macp serve` follows the watched files."
        ),
        key(
            "watch.events", [](Config& c) -> auto& { return c.watch.events; }, not_empty(), at_start,
            "Files of event lines to follow: a path, a glob, or a list of them, relative to `root`."
        ),
        key(
            "watch.poll_interval_seconds", [](Config& c) -> auto& { return c.watch.poll_interval_seconds; },
            seconds(0.05, 3600), reloadable, "Time between two looks at the watched files."
        ),
        key(
            "watch.max_line_bytes", [](Config& c) -> auto& { return c.watch.max_line_bytes; }, bytes(kib, gib),
            at_start, "A longer line is refused and kept among the rejects."
        ),
        key(
            "github.secret_env", [](Config& c) -> auto& { return c.github.secret_env; }, anything(), at_start,
            "Environment variable with the secret of the GitHub webhook. While it is empty or not set, /github takes a "
            "token like any other door."
        ),
    };
}

Keys delivery_keys() {
    return {
        key(
            "webhooks", [](Config& c) -> auto& { return c.webhooks; }, anything(), reloadable,
            "Targets that events are delivered to, one `[[webhooks]]` each; the members are those of POST "
            "/api/webhooks, with secrets named by `secret_env` and `auth_token_env`. In the environment: a JSON list."
        ),
        key(
            "outgoing.allow_loopback", [](Config& c) -> auto& { return c.outgoing.allow_loopback; }, anything(),
            at_start,
            "Whether deliveries may go to this machine. They may anyway while the gateway listens on loopback alone."
        ),
        key(
            "outgoing.allow_private", [](Config& c) -> auto& { return c.outgoing.allow_private; }, anything(), at_start,
            "Whether deliveries may go to private networks; link-local and metadata addresses must be listed."
        ),
        key(
            "outgoing.allow", [](Config& c) -> auto& { return c.outgoing.allow; }, anything(), at_start,
            "Addresses, blocks (10.0.0.0/8) and host names (`*.internal`) that deliveries may go to in any case."
        ),
    };
}

Keys http_keys() {
    return {
        key(
            "http.header_bytes", [](Config& c) -> auto& { return c.http.header_bytes; }, bytes(kib, mib), at_start,
            "Most that a request line and its headers may take."
        ),
        key(
            "http.body_bytes", [](Config& c) -> auto& { return c.http.body_bytes; }, bytes(kib, gib), at_start,
            "Largest body of hooks and control calls."
        ),
        key(
            "http.bulk_body_bytes", [](Config& c) -> auto& { return c.http.bulk_body_bytes; }, bytes(kib, gib),
            at_start, "Largest body of bulk ingest."
        ),
        key(
            "http.all_bodies_bytes", [](Config& c) -> auto& { return c.http.all_bodies_bytes; }, bytes(mib, 64 * gib),
            at_start, "Bodies of all requests held in memory at once; beyond it requests are told to come back later."
        ),
        key(
            "http.header_timeout_seconds", [](Config& c) -> auto& { return c.http.header_timeout_seconds; },
            seconds(0.1, 3600), at_start, "Longest wait for the rest of a request's headers."
        ),
        key(
            "http.body_timeout_seconds", [](Config& c) -> auto& { return c.http.body_timeout_seconds; },
            seconds(0.1, 3600), at_start, "Longest wait for a request's body."
        ),
        key(
            "http.idle_timeout_seconds", [](Config& c) -> auto& { return c.http.idle_timeout_seconds; },
            seconds(0.1, day_seconds), at_start, "A connection without a request for so long is closed."
        ),
        key(
            "http.request_timeout_seconds", [](Config& c) -> auto& { return c.http.request_timeout_seconds; },
            seconds(0.1, 3600), at_start, "Longest that a handler may take."
        ),
        key(
            "http.max_connections", [](Config& c) -> auto& { return c.http.max_connections; }, count(1, 1e6), at_start,
            "Connections open at once."
        ),
        key(
            "http.max_in_flight", [](Config& c) -> auto& { return c.http.max_in_flight; }, count(1, 1e6), at_start,
            "Requests being handled at once on one event loop."
        ),
        key(
            "http.gzip_min_bytes", [](Config& c) -> auto& { return c.http.gzip_min_bytes; }, bytes(0, gib), at_start,
            "Answers from this size on are compressed for clients that ask for it; 0 turns it off."
        ),
        key(
            "http.access_log", [](Config& c) -> auto& { return c.http.access_log; }, one_of({"off", "errors", "all"}),
            at_start, "Which requests are written to the log."
        ),
    };
}

Keys ws_keys() {
    return {
        key(
            "ws.listen", [](Config& c) -> auto& { return c.ws.listen; }, {.check = check_address}, at_start,
            "A second listener for WebSocket alone, for example `127.0.0.1:9000`; empty means none."
        ),
        key(
            "ws.heartbeat_seconds", [](Config& c) -> auto& { return c.ws.heartbeat_seconds; }, seconds(0.1, 3600),
            at_start, "Time between pings to a silent peer."
        ),
        key(
            "ws.idle_timeout_seconds", [](Config& c) -> auto& { return c.ws.idle_timeout_seconds; },
            seconds(0.1, day_seconds), at_start, "A peer that has answered nothing for so long is closed with 4408."
        ),
        key(
            "ws.command_bytes", [](Config& c) -> auto& { return c.ws.command_bytes; }, bytes(kib, 64 * mib), at_start,
            "Longest message taken from a client."
        ),
        key(
            "ws.ring_bytes", [](Config& c) -> auto& { return c.ws.ring_bytes; }, bytes(64 * kib, 16 * gib), at_start,
            "Framed events kept in memory per event loop and sub-protocol."
        ),
        key(
            "ws.flush_interval_ms", [](Config& c) -> auto& { return c.ws.flush_interval_ms; },
            {.unit = "milliseconds", .least = 0, .most = 1000}, at_start,
            "Least time between two flushes to subscribers; 0 sends at once."
        ),
        key(
            "ws.max_subscribers", [](Config& c) -> auto& { return c.ws.max_subscribers; }, count(1, 1e6), at_start,
            "Subscribers connected at once, on all threads together."
        ),
        key(
            "ws.io_uring", [](Config& c) -> auto& { return c.ws.io_uring; }, anything(), at_start,
            "Whether a flush is sent as one batch where the kernel can."
        ),
    };
}

Keys access_keys() {
    return {
        key(
            "access.tokens", [](Config& c) -> auto& { return c.access.tokens; }, anything(), reloadable,
            "Bearer tokens, only from the environment: `MACP_TOKEN=secret` (all scopes) and "
            "`MACP_TOKEN_<NAME>=scopes:secret` with scopes out of read, ingest, control, admin, separated by commas."
        ),
        key(
            "access.tokens_file", [](Config& c) -> auto& { return c.access.tokens_file; }, anything(), reloadable,
            "File of more tokens, `name scopes token` a line, readable by its owner alone."
        ),
        key(
            "access.hosts", [](Config& c) -> auto& { return c.access.hosts; }, anything(), reloadable,
            "`Host` values served beside the listener's own and the loopback names."
        ),
        key(
            "access.origins", [](Config& c) -> auto& { return c.access.origins; }, anything(), reloadable,
            "Browser origins allowed beside the gateway's own."
        ),
        key(
            "tls.certificate_file", [](Config& c) -> auto& { return c.tls.certificate_file; }, anything(), at_start,
            "Certificate chain (PEM) of the listeners; empty means no TLS. SIGHUP reads the file again."
        ),
        key(
            "tls.key_file", [](Config& c) -> auto& { return c.tls.key_file; }, anything(), at_start,
            "Private key (PEM) that belongs to the certificate. SIGHUP reads the file again."
        ),
        key(
            "logging.level", [](Config& c) -> auto& { return c.logging.level; },
            one_of({"trace", "debug", "info", "warn", "error", "off"}), reloadable,
            "Least serious message that is written."
        ),
        key(
            "logging.format", [](Config& c) -> auto& { return c.logging.format; }, one_of({"text", "json"}), at_start,
            "How the gateway's own log is written to standard error."
        ),
    };
}

}  // namespace

std::span<ConfigKey const> config_keys() {
    static Keys const keys = [] {
        Keys all;
        for (auto* const part : {top_keys, log_keys, watch_keys, delivery_keys, http_keys, ws_keys, access_keys}) {
            add(all, part());
        }
        return all;
    }();
    return keys;
}

}  // namespace macp::core
