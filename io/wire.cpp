#include "io/wire.hpp"

#include "async/timer.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

namespace macp::io {
namespace {

using asio::ip::tcp;
using Resolver = asio::ip::basic_resolver<tcp, async::Executor>;
using Endpoints = std::vector<tcp::endpoint>;

tl::unexpected<core::Error> cannot_reach(Url const& url, std::string_view why) {
    return core::fail(core::ErrorCode::Unavailable, "cannot reach " + url.origin() + ": " + std::string{why});
}

/// A look-up cannot be called off, so it is left behind when its time is up.
struct Lookup {
    explicit Lookup(async::Executor executor) : resolver{executor}, done{executor} {}
    Resolver resolver;
    async::Timer done;
    std::optional<async::ErrorCode> error;
    Endpoints endpoints;
};

async::Task<core::Result<Endpoints>> look_up(async::Executor executor, Url url, std::chrono::milliseconds limit) {
    async::ErrorCode not_numeric;
    auto const address = asio::ip::make_address(url.host, not_numeric);
    if (!not_numeric) co_return Endpoints{{address, static_cast<std::uint16_t>(std::stoul(url.port))}};

    auto const lookup = std::make_shared<Lookup>(executor);
    lookup->done.expires_after(limit);
    lookup->resolver.async_resolve(
        url.host, url.port, Resolver::numeric_service,
        [lookup](async::ErrorCode const& error, Resolver::results_type const& found) {
            lookup->error = error;
            for (auto const& entry : found) lookup->endpoints.push_back(entry.endpoint());
            lookup->done.cancel();
        }
    );
    co_await lookup->done.async_wait(async::nothrow);
    if (!lookup->error) co_return cannot_reach(url, "looking the name up took too long");
    if (*lookup->error) co_return cannot_reach(url, lookup->error->message());
    co_return std::move(lookup->endpoints);
}

async::Task<core::Result<void>> shake_hands(Wire& wire, asio::ssl::context& context, Url url, WireTimeouts timeouts) {
    auto& tls = wire.start_tls(context);
    async::ErrorCode not_numeric;
    static_cast<void>(asio::ip::make_address(url.host, not_numeric));
    if (not_numeric)
        SSL_set_tlsext_host_name(tls.native_handle(), url.host.c_str());  // addresses are not sent (RFC 6066)
    tls.set_verify_callback(asio::ssl::host_name_verification{url.host});
    wire.tcp().expires_after(timeouts.handshake);
    auto const [error] = co_await tls.async_handshake(asio::ssl::stream_base::client, async::nothrow);
    if (error == beast::error::timeout) co_return cannot_reach(url, "the TLS handshake took too long");
    if (error) co_return cannot_reach(url, "TLS: " + error.message());
    co_return core::Result<void>{};
}

}  // namespace

bool Wire::is_quiet() {
    char byte = 0;
    auto const received = ::recv(tcp_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

core::Result<std::shared_ptr<asio::ssl::context>> make_tls_context(std::string const& ca_file, bool verify) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    async::ErrorCode error;
    context->set_options(
        asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, error
    );
    context->set_verify_mode(verify ? asio::ssl::verify_peer : asio::ssl::verify_none, error);
    if (ca_file.empty()) {
        context->set_default_verify_paths(error);
    } else {
        context->load_verify_file(ca_file, error);
    }
    if (error) {
        return core::fail(
            core::ErrorCode::InvalidField, "cannot use the authorities in `" + ca_file + "`: " + error.message(),
            "ca_file"
        );
    }
    return context;
}

async::Task<core::Result<std::unique_ptr<Wire>>> open_wire(
    async::Executor executor, Url url, std::shared_ptr<asio::ssl::context> tls, WireTimeouts timeouts
) {
    auto const deadline = std::chrono::steady_clock::now() + timeouts.connect;
    auto const endpoints = co_await look_up(executor, url, timeouts.connect);
    if (!endpoints) co_return core::pass_on(endpoints);

    auto wire = std::make_unique<Wire>(executor);
    wire->tcp().expires_at(deadline);
    auto const [error, endpoint] = co_await wire->tcp().async_connect(*endpoints, async::nothrow);
    if (error == beast::error::timeout) co_return cannot_reach(url, "connecting took too long");
    if (error) co_return cannot_reach(url, error.message());
    async::ErrorCode ignored;
    wire->tcp().socket().set_option(tcp::no_delay{true}, ignored);
    if (url.tls) {
        auto const shaken = co_await shake_hands(*wire, *tls, url, timeouts);
        if (!shaken) co_return core::pass_on(shaken);
    }
    wire->tcp().expires_never();
    co_return std::move(wire);
}

}  // namespace macp::io
