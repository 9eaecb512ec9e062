#include "http/server.hpp"

#include "http/listener.hpp"
#include "http/sessions.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace macp::http {
namespace {

/// Runs `task` on another loop and comes back.
async::Task<> run_on(async::Shard& shard, async::Task<> task) {
    co_await asio::co_spawn(shard.executor(), std::move(task), asio::use_awaitable_t<async::Executor>{});
}

}  // namespace

HttpServer::HttpServer(std::vector<async::Shard*> shards, Limits limits, Access const& access)
    : limits_{limits}, access_{access} {
    for (auto* const shard : shards) sessions_.push_back(std::make_unique<Sessions>(*shard, open_));
}

HttpServer::~HttpServer() = default;

core::Result<asio::ip::tcp::endpoint> HttpServer::listen(
    std::string address, Router const& router, std::optional<TlsFiles> tls
) {
    std::unique_ptr<TlsIdentity> identity;
    if (tls) {
        auto loaded = TlsIdentity::load(*std::move(tls));
        if (!loaded) return core::pass_on(loaded);
        identity = *std::move(loaded);
    }
    std::vector<Sessions*> sessions;
    for (auto const& each : sessions_) sessions.push_back(each.get());
    Listener::Options options{
        .address = std::move(address),
        .limits = limits_,
        .router = router,
        .access = access_,
        .tls = std::move(identity)
    };
    auto listener = Listener::open(std::move(options), std::move(sessions), open_);
    if (!listener) return core::pass_on(listener);
    (*listener)->start();
    listeners_.push_back(*std::move(listener));
    return listeners_.back()->endpoint();
}

core::Result<void> HttpServer::reload_tls() {
    core::Result<void> result;
    for (auto const& listener : listeners_) {
        if (listener->tls() == nullptr) continue;
        auto const reloaded = listener->tls()->reload();
        if (!reloaded && result) result = core::pass_on(reloaded);
    }
    return result;
}

async::Task<> HttpServer::drain(std::chrono::steady_clock::duration grace) {
    auto const deadline = std::chrono::steady_clock::now() + grace;
    for (auto const& listener : listeners_) {
        auto stopping = listener->stop();
        co_await run_on(sessions_.front()->shard(), std::move(stopping));
    }
    for (auto const& sessions : sessions_) {
        asio::post(sessions->shard().executor(), [each = sessions.get()] { each->begin_drain(); });
    }
    // All shards drain from now on, so waiting for one after the other costs nothing.
    for (auto const& sessions : sessions_) {
        auto draining = sessions->drain(deadline);
        co_await run_on(sessions->shard(), std::move(draining));
    }
}

std::vector<Counters const*> HttpServer::counters() const {
    std::vector<Counters const*> all;
    for (auto const& sessions : sessions_) all.push_back(&sessions->counters());
    return all;
}

}  // namespace macp::http
