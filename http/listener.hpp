#pragma once

#include "async/task_group.hpp"
#include "http/sessions.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace macp::http {

/// Accepts on one address and deals the connections to the shards in turn. Lifetime: `stop()` must have completed, or
/// the first shard have ended, before it is destroyed. Threads: the first shard, but for `open` and `endpoint`.
class Listener {
public:
    struct Options {
        std::string address{};  ///< `127.0.0.1:25294`, `[::1]:0`; port 0: any free one.
        Limits const& limits;
        Router const& router;
        Access const& access;
        std::unique_ptr<TlsIdentity> tls{};
    };
    using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, async::Executor>;

    /// Binds and listens. Errors: InvalidField for an address that is none, Unavailable when it cannot be bound.
    [[nodiscard]] static core::Result<std::unique_ptr<Listener>> open(
        Options options, std::vector<Sessions*> sessions, std::atomic<std::size_t>& open
    );

    Listener(Options options, std::vector<Sessions*> sessions, std::atomic<std::size_t>& open, Acceptor acceptor);

    /// Begins to accept.
    void start();
    /// Ends accepting and waits until it has ended.
    [[nodiscard]] async::Task<> stop();

    [[nodiscard]] asio::ip::tcp::endpoint endpoint() const noexcept { return endpoint_; }
    /// Null for a plain listener.
    [[nodiscard]] TlsIdentity* tls() const noexcept { return options_.tls.get(); }

private:
    async::Task<> accept_all();
    void deal(Sessions& sessions, Socket socket);

    Options options_;
    Door door_;
    std::vector<Sessions*> sessions_;
    std::atomic<std::size_t>& open_;  ///< Connections of the whole server.
    Acceptor acceptor_;
    asio::ip::tcp::endpoint endpoint_;
    bool stopped_ = false;
    async::TaskGroup tasks_;
};

}  // namespace macp::http
