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
    : limits_{limits}, access_{access}, bodies_{limits.all_bodies_bytes} {
    for (auto* const shard : shards) sessions_.push_back(std::make_unique<Sessions>(*shard, open_, bodies_));
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
    sessions.reserve(sessions_.size());
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

core::Result<std::vector<TlsIdentity::Context>> HttpServer::read_tls() const {
    std::vector<TlsIdentity::Context> contexts;
    for (auto const& listener : listeners_) {
        if (listener->tls() == nullptr) continue;
        auto context = listener->tls()->read();
        if (!context) return core::pass_on(context);
        contexts.push_back(*std::move(context));
    }
    return contexts;
}

void HttpServer::use_tls(std::vector<TlsIdentity::Context> contexts) {
    auto next = contexts.begin();
    for (auto const& listener : listeners_) {
        if (listener->tls() != nullptr) listener->tls()->use(std::move(*next++));
    }
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
    all.reserve(sessions_.size());
    for (auto const& sessions : sessions_) all.push_back(&sessions->counters());
    return all;
}

}  // namespace macp::http
