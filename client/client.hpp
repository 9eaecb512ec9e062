#pragma once

#include "client/backoff.hpp"
#include "client/errors.hpp"
#include "client/event.hpp"
#include "core/filter.hpp"
#include "core/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace macp::client {

/// When a call that may be repeated is repeated: after 429 and 503, no sooner than the gateway asks.
struct RetryOptions {
    unsigned tries = 4;                              ///< In all; 1: never repeated.
    std::chrono::milliseconds longest_wait{10'000};  ///< Asked to wait longer, the call fails instead.
    BackoffOptions backoff{};
    std::function<void(std::chrono::milliseconds)> sleep{};  ///< Empty: this thread sleeps.
};

struct ClientOptions {
    std::string url{"http://127.0.0.1:25294"};  ///< http or https; a path is put before every endpoint's.
    std::string token{};                        ///< Bearer token; empty: none.
    std::string ca_file{};                      ///< Trusted authorities (PEM); empty: the system's.
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds answer_timeout{30'000};  ///< Longest silence of the gateway.
    std::chrono::milliseconds total_timeout{60'000};   ///< One try of one call; streams have no such bound.
    std::size_t answer_bytes = std::size_t{64} << 20;  ///< Largest answer, streams aside.
    RetryOptions retry{};
};

/// Which events, from where.
struct EventQuery {
    core::Filter filter{};
    std::string since{};    ///< A position (`epoch:seq`, `seq`, `start`, `now`) or a time; empty: the oldest.
    std::string until{};    ///< A position or a time; empty: the newest.
    std::size_t limit = 0;  ///< Events a page, at most 1000; 0: the gateway's default.
};

struct EventPage {
    std::vector<Event> items{};
    std::string next_cursor{};       ///< `since` of the next page; empty: this was the last.
    std::string position{};          ///< Everything up to here has been seen: `since` for what comes later.
    std::optional<core::Gap> gap{};  ///< Events that are no longer kept.
};

/// What became of posted events. They are on disk.
struct Receipt {
    std::uint64_t accepted = 0;
    core::Seq first_seq = 0;
    core::Seq last_seq = 0;
    std::uint64_t repeats = 0;  ///< Of the accepted: already in the log, and not appended again.
};

/// An answer as it came.
struct Reply {
    unsigned status = 0;
    std::vector<std::pair<std::string, std::string>> headers{};  ///< Names in lower case.
    std::string body{};
};

/// The gateway's REST interface, one method an endpoint. Each call blocks the calling thread, does its work on it, and
/// returns; connections are kept between calls.
///
/// Errors: what the gateway's problem says, with `http_status`, `request_id` (client/errors.hpp); Unavailable when
/// nobody answers (`is_unreachable`); Timeout; TooLarge; InvalidField for a bad URL; Internal for an answer out of
/// contract. Threads: safe from anywhere. Lifetime: must outlive its calls.
class Client {
public:
    explicit Client(ClientOptions options = {});
    Client(Client const&) = delete;
    Client& operator=(Client const&) = delete;
    ~Client();

    [[nodiscard]] core::Result<nlohmann::json> health();  ///< GET /healthz
    /// GET /readyz. Not ready is an error, Unavailable, with the answer's parts in `Error::members`; it is not retried.
    [[nodiscard]] core::Result<nlohmann::json> ready();
    [[nodiscard]] core::Result<std::string> metrics();       ///< GET /metrics: Prometheus text.
    [[nodiscard]] core::Result<nlohmann::json> status();     ///< GET /api/status
    [[nodiscard]] core::Result<nlohmann::json> telemetry();  ///< GET /api/system/telemetry
    [[nodiscard]] core::Result<nlohmann::json> openapi();    ///< GET /openapi.json
    [[nodiscard]] core::Result<nlohmann::json> asyncapi();   ///< GET /asyncapi.json

    /// GET /api/events: one page.
    [[nodiscard]] core::Result<EventPage> events(EventQuery const& query);
    /// GET /api/events/{seq}. Errors: NotFound.
    [[nodiscard]] core::Result<Event> event(core::Seq seq);
    /// Every event that matches, page by page, until `each` has enough. Returns the position to go on from.
    [[nodiscard]] core::Result<std::string> for_each_event(
        EventQuery query, EventCallback const& each, GapCallback const& on_gap = {}
    );
    /// The same as one ndjson stream: the gateway's memory and ours stay small. `limit` bounds the whole.
    [[nodiscard]] core::Result<void> stream_events(
        EventQuery const& query, EventCallback const& each, GapCallback const& on_gap = {}
    );

    /// POST /api/events: one event (an object) or several (an array). With an empty `key` one is made, so that a repeat
    /// after a lost answer appends nothing twice; with `retry.tries == 1` none is sent.
    [[nodiscard]] core::Result<Receipt> emit(nlohmann::json const& events, std::string key = {});
    /// The same as ndjson, one event a line.
    [[nodiscard]] core::Result<Receipt> emit_lines(std::string lines, std::string key = {});

    /// POST of a body as it is to `/api/omx/hook` or `/api/native/hook`. The answer says `type`, `seq` and `event_id`.
    [[nodiscard]] core::Result<nlohmann::json> hook(std::string const& door, std::string body, std::string key = {});

    /// GET /api/ingest/rejects: a page, `{"items":[…],"next_cursor":…}`.
    [[nodiscard]] core::Result<nlohmann::json> rejects(std::size_t limit = 0, std::string const& cursor = {});
    /// POST /api/ingest/rejects/{id}/retry
    [[nodiscard]] core::Result<nlohmann::json> retry_reject(std::string const& id);

    /// The webhook targets; answers and bodies are those of `openapi/`. An `id` is that of the target.
    [[nodiscard]] core::Result<nlohmann::json> webhooks(std::size_t limit = 0, std::string const& cursor = {});
    [[nodiscard]] core::Result<nlohmann::json> webhook(std::string const& id);
    /// Keys as for `emit`, here and below.
    [[nodiscard]] core::Result<nlohmann::json> create_webhook(nlohmann::json const& target, std::string key = {});
    [[nodiscard]] core::Result<nlohmann::json> update_webhook(std::string const& id, nlohmann::json const& change);
    [[nodiscard]] core::Result<nlohmann::json> delete_webhook(std::string const& id);
    [[nodiscard]] core::Result<nlohmann::json> test_webhook(std::string const& id);
    [[nodiscard]] core::Result<nlohmann::json> pause_webhook(std::string const& id);
    [[nodiscard]] core::Result<nlohmann::json> resume_webhook(std::string const& id);
    [[nodiscard]] core::Result<nlohmann::json> replay_webhook(std::string const& id, nlohmann::json const& stretch);
    /// Its tries, newest first: a page.
    [[nodiscard]] core::Result<nlohmann::json> webhook_deliveries(
        std::string const& id, std::size_t limit = 0, std::string const& cursor = {}
    );
    [[nodiscard]] core::Result<nlohmann::json> dead_letters(
        std::string const& id, std::size_t limit = 0, std::string const& cursor = {}
    );
    /// `choice`: `{"ids":[…]}` or `{"all":true}`.
    [[nodiscard]] core::Result<nlohmann::json> redeliver(std::string const& id, nlohmann::json const& choice);
    [[nodiscard]] core::Result<nlohmann::json> discard(std::string const& id, nlohmann::json const& choice);
    /// GET /api/events/{seq}/deliveries
    [[nodiscard]] core::Result<nlohmann::json> event_deliveries(core::Seq seq);

    /// Anything else: one try, and any status is a success. `target` is path and query.
    [[nodiscard]] core::Result<Reply> call(
        std::string method, std::string const& target, std::string body = {},
        std::vector<std::pair<std::string, std::string>> headers = {}
    );

private:
    [[nodiscard]] core::Result<nlohmann::json> get_json(std::string const& target);
    /// Repeated when that is asked for and does no harm; `body` null: none.
    [[nodiscard]] core::Result<nlohmann::json> send_json(
        char const* method, std::string const& target, nlohmann::json const& body, std::string key = {}
    );

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace macp::client
