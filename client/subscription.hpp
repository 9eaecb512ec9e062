#pragma once

#include "client/backoff.hpp"
#include "client/errors.hpp"
#include "client/event.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace macp::client {

struct SubscriptionOptions {
    std::string url{"http://127.0.0.1:25294"};  ///< http(s) or ws(s); `/ws` is added.
    std::string token{};                        ///< Bearer token; empty: none.
    std::string ca_file{};                      ///< Trusted authorities (PEM); empty: the system's.
    std::vector<std::string> channels{"events"};
    std::vector<std::string> types{};                          ///< Globs over the type; empty: all.
    std::vector<std::pair<std::string, std::string>> where{};  ///< Field of `data` and glob; all must hold.
    std::string since{"now"};                                  ///< A position: `start`, `now`, `seq` or `epoch:seq`.
    std::chrono::milliseconds telemetry_interval{1'000};
    bool batched = true;     ///< `macp.v1.ndjson`: several messages a frame; false: `macp.v1`.
    bool fail_fast = false;  ///< A first connection that cannot be made is an error at once; later ones are retried.
    std::chrono::milliseconds connect_timeout{5'000};   ///< Also for TLS, for the upgrade and for `hello`.
    std::size_t message_bytes = std::size_t{64} << 20;  ///< Largest frame taken.
    BackoffOptions backoff{};                           ///< Between two connections.
    std::chrono::milliseconds stable_after{10'000};     ///< A connection that lasted so long resets the back-off.
    core::Clock const* clock = nullptr;                 ///< For `stable_after`; null: the system's. Must outlive us.
};

/// What the gateway tells at the start of a connection.
struct Connected {
    std::string epoch{};
    core::Seq seq = 0;  ///< Its newest event.
    std::string version{};
    std::string subprotocol{};
};

/// Called on the thread that is in `run` or `next`. What they throw comes out there.
struct SubscriptionHandlers {
    std::function<void(Event const&, std::string const& position)> on_event{};  ///< Not called for what `next` returns.
    GapCallback on_gap{};                                                       ///< These events will never come.
    std::function<void(std::string_view data)> on_telemetry{};                  ///< JSON text.
    std::function<void(Connected const&)> on_connect{};
    /// The connection is gone, or could not be made; the next try is after `pause`.
    std::function<void(core::Error const& why, std::chrono::milliseconds pause)> on_disconnect{};
    std::function<void(std::string_view message)> on_other{
    };  ///< Any message not named above (logs, state): JSON text.
};

/// A WebSocket subscription that survives its connections: it comes back by itself, resumes after the last event that
/// it has seen, and hands each event over once and in order.
///
/// It reads only while `run` or `next` is at work and holds one frame at most, so a slow callback slows the gateway's
/// sending, not its memory. Left alone for longer than the gateway's idle time-out, it reconnects and loses nothing.
/// Errors (for good): the gateway refused (http_status says how), or closed with 1008 or 4400; a frame over
/// `message_bytes` (TooLarge); bad options (InvalidField). Threads: one at a time; only `stop` is safe from anywhere.
class Subscription {
public:
    explicit Subscription(SubscriptionOptions options, SubscriptionHandlers handlers = {});
    Subscription(Subscription const&) = delete;
    Subscription& operator=(Subscription const&) = delete;
    ~Subscription();

    /// Calls the handlers until `stop` (success) or an error for good.
    [[nodiscard]] core::Result<void> run();

    /// The next event; nothing when `timeout` passes first or after `stop`. Other messages met on the way go to their
    /// handlers. Errors: as above.
    [[nodiscard]] core::Result<std::optional<Event>> next(std::chrono::milliseconds timeout);

    /// Ends `run` and `next` soon, for good. Threads: safe from anywhere, also from a handler and before `run`.
    void stop() noexcept;

    /// The last event or gap handed over, as `epoch:seq`: `since` for a later subscription. Until there was one: the
    /// log's end at the first connection for `now`, else what the options say.
    [[nodiscard]] std::string const& position() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace macp::client
