#pragma once

#include "async/shard.hpp"
#include "cli/sink_tally.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "delivery/webhook_signature.hpp"
#include "http/access.hpp"
#include "http/router.hpp"
#include "http/server.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace macp::cli {

/// An event as a request brought it, in whatever format.
struct SinkEvent {
    std::string type{};
    std::string data{};
    std::string epoch{};
    core::Seq seq = 0;   ///< 0: it has none.
    std::string text{};  ///< As it came, on one line.
};
/// The events of a request to a webhook. Errors: BadJson, InvalidField: it is none.
[[nodiscard]] core::Result<std::vector<SinkEvent>> read_sink_events(http::Request const& request);

/// How a receiver answers some requests, instead of taking what they bring.
struct Misbehaviour {
    unsigned status = 500;
    double share = 1;  ///< Of the requests, 0 to 1.
};

struct SinkOptions {
    std::string listen{};
    std::vector<std::string> secrets{};  ///< Not empty: requests must be signed with one of them.
    std::vector<Misbehaviour> failures{};
    std::chrono::milliseconds delay{0};  ///< Before each answer.
    std::string retry_after{};           ///< Header of each failure; empty: none.
};

/// A receiver of webhooks for tests, on a thread of its own. Takes POST and PUT at any path of up to six segments.
/// Threads: its members from one, `tally` from any; the callbacks run on its thread.
class SinkServer {
public:
    struct Callbacks {
        /// An event that it took.
        std::function<void(SinkEvent const&, SinkTally::Arrival)> event{};
        /// A request that it did not take, and why.
        std::function<void(http::Request const&, unsigned status, std::string const& why)> refused{};
    };

    /// Listens. Errors: InvalidField (address, secrets), Unavailable.
    [[nodiscard]] static core::Result<std::unique_ptr<SinkServer>> start(SinkOptions options, Callbacks callbacks);
    SinkServer(SinkServer const&) = delete;
    SinkServer& operator=(SinkServer const&) = delete;
    ~SinkServer();

    [[nodiscard]] std::string const& url() const noexcept { return url_; }
    [[nodiscard]] SinkTally tally() const;

private:
    SinkServer(SinkOptions options, Callbacks callbacks);

    [[nodiscard]] std::vector<http::Route> routes();
    [[nodiscard]] async::Task<core::Result<http::Response>> take(http::Request request);
    [[nodiscard]] core::Result<void> check_signature(http::Request const& request) const;
    [[nodiscard]] std::optional<unsigned> failure() const;

    SinkOptions options_;
    Callbacks callbacks_;
    std::optional<delivery::WebhookVerifier> verifier_;
    core::SystemClock clock_;
    mutable std::mutex mutex_;
    SinkTally tally_;
    std::string url_;
    async::Shard shard_{0};
    http::Access access_{{}};
    std::unique_ptr<http::Router> router_;
    std::unique_ptr<http::HttpServer> http_;
};

}  // namespace macp::cli
