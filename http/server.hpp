#pragma once

#include "async/shard.hpp"
#include "http/access.hpp"
#include "http/body_budget.hpp"
#include "http/counters.hpp"
#include "http/limits.hpp"
#include "http/router.hpp"
#include "http/tls.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace macp::http {

class Listener;
class Sessions;

/// Serves HTTP on any number of addresses, each with its own routes, on the given shards.
///
/// Lifetime: shards, routers and access outlive it; `drain()` must have completed, or the shards have ended and their
/// loops been destroyed, before it is destroyed. Threads: all members from one thread, unless said otherwise.
class HttpServer {
public:
    HttpServer(std::vector<async::Shard*> shards, Limits limits, Access const& access);
    HttpServer(HttpServer const&) = delete;
    HttpServer& operator=(HttpServer const&) = delete;
    ~HttpServer();

    /// Listens and begins to accept; the shards may be started before or after. Returns the bound address.
    /// Errors: InvalidField (address, certificate), Unavailable (cannot be bound).
    [[nodiscard]] core::Result<boost::asio::ip::tcp::endpoint> listen(
        std::string address, Router const& router, std::optional<TlsFiles> tls = std::nullopt
    );

    /// Reads the certificates of all TLS listeners again, for `use_tls`; nothing changes yet. Errors: the first.
    [[nodiscard]] core::Result<std::vector<TlsIdentity::Context>> read_tls() const;
    /// Puts what `read_tls` has read into force, for connections to come.
    void use_tls(std::vector<TlsIdentity::Context> contexts);

    /// Stops accepting, closes idle connections, lets requests in progress end within `grace`, requests every shard's
    /// `drain()` for those who took connections over, and cancels what is left. Await it once, on a shard or on a loop
    /// that outlives the shards' threads.
    [[nodiscard]] async::Task<> drain(std::chrono::steady_clock::duration grace);

    /// One entry a shard. Threads: safe from anywhere.
    [[nodiscard]] std::vector<Counters const*> counters() const;

private:
    Limits limits_;
    Access const& access_;
    std::atomic<std::size_t> open_{0};  ///< Connections, on all shards and on their way there.
    BodyBudget bodies_;
    std::vector<std::unique_ptr<Sessions>> sessions_;
    std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace macp::http
