#include "io/wire.hpp"

#include "async/timer.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace macp::io {
namespace {

using asio::ip::tcp;
using Resolver = asio::ip::basic_resolver<tcp, async::Executor>;
using Endpoints = std::vector<tcp::endpoint>;
using Clock = std::chrono::steady_clock;

tl::unexpected<core::Error> cannot_reach(Url const& url, std::string_view why) {
    return core::fail(core::ErrorCode::Unavailable, "cannot reach " + url.origin() + ": " + std::string{why});
}

Clock::time_point deadline_of(std::chrono::milliseconds phase, WireTimeouts const& timeouts) {
    return std::min(Clock::now() + phase, timeouts.until);
}

/// Leaves only what the guard lets pass. Errors: the guard's first refusal when nothing is left.
core::Result<void> keep_allowed(Endpoints& endpoints, AddressGuard const& guard, std::string const& host) {
    core::Result<void> refusal{};
    std::erase_if(endpoints, [&](tcp::endpoint const& endpoint) {
        auto checked = guard.check(host, endpoint.address());
        auto const refused = !checked;
        if (refused && refusal) refusal = std::move(checked);
        return refused;
    });
    return endpoints.empty() ? refusal : core::Result<void>{};
}

/// A look-up cannot be called off, so it is left behind when its time is up.
struct Lookup {
    explicit Lookup(async::Executor executor) : resolver{executor}, done{executor} {}
    Resolver resolver;
    async::Timer done;
    std::optional<async::ErrorCode> error;
    Endpoints endpoints;
};

async::Task<core::Result<Endpoints>> look_up(async::Executor executor, Url url, Clock::time_point deadline) {
    async::ErrorCode not_numeric;
    auto const address = asio::ip::make_address(url.host, not_numeric);
    if (!not_numeric) co_return Endpoints{{address, static_cast<std::uint16_t>(std::stoul(url.port))}};

    auto const lookup = std::make_shared<Lookup>(executor);
    lookup->done.expires_at(deadline);
    lookup->resolver.async_resolve(
        url.host, url.port, Resolver::numeric_service,
        [lookup](async::ErrorCode const& error, Resolver::results_type const& found) {
            lookup->error = error;
            for (auto const& entry : found) lookup->endpoints.push_back(entry.endpoint());
            lookup->done.cancel();
        }
    );
    co_await lookup->done.async_wait(async::nothrow);
    auto const& error = lookup->error;
    if (!error) co_return cannot_reach(url, "looking the name up took too long");
    if (*error) co_return cannot_reach(url, error->message());
    co_return std::move(lookup->endpoints);
}

async::Task<core::Result<void>> shake_hands(Wire& wire, asio::ssl::context& context, Url url, WireTimeouts timeouts) {
    auto& tls = wire.start_tls(context);
    async::ErrorCode not_numeric;
    static_cast<void>(asio::ip::make_address(url.host, not_numeric));
    if (not_numeric)
        SSL_set_tlsext_host_name(tls.native_handle(), url.host.c_str());  // addresses are not sent (RFC 6066)
    tls.set_verify_callback(asio::ssl::host_name_verification{url.host});
    wire.tcp().expires_at(deadline_of(timeouts.handshake, timeouts));
    auto const [error] = co_await tls.async_handshake(asio::ssl::stream_base::client, async::nothrow);
    if (error == beast::error::timeout) co_return cannot_reach(url, "the TLS handshake took too long");
    if (error) co_return cannot_reach(url, "TLS: " + error.message());
    co_return core::Result<void>{};
}

tl::unexpected<core::Error> unusable(
    std::string_view what, std::string const& file, std::string_view why, std::string option
) {
    return core::fail(
        core::ErrorCode::InvalidField,
        "cannot use the " + std::string{what} + " in `" + file + "`: " + std::string{why}, std::move(option)
    );
}

core::Result<void> show_certificate(asio::ssl::context& context, ClientCertificate const& client) {
    auto const& [certificate, key] = client;
    if (certificate.empty() && key.empty()) return {};
    if (certificate.empty() || key.empty()) {
        return core::fail(
            core::ErrorCode::InvalidField, "a client certificate needs its key, and a key its certificate",
            certificate.empty() ? "client_certificate_file" : "client_key_file"
        );
    }
    async::ErrorCode error;
    context.use_certificate_chain_file(certificate, error);
    if (error) return unusable("client certificate", certificate, error.message(), "client_certificate_file");
    context.use_private_key_file(key, asio::ssl::context::pem, error);
    if (error) return unusable("client key", key, error.message(), "client_key_file");
    return {};
}

}  // namespace

bool Wire::is_quiet() {
    char byte = 0;
    auto const received = ::recv(tcp_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::string Wire::peer() const {
    async::ErrorCode unknown;
    auto const endpoint = tcp_.socket().remote_endpoint(unknown);
    if (unknown) return {};
    auto const address = endpoint.address().to_string();
    auto const host = endpoint.address().is_v6() ? '[' + address + ']' : address;
    return host + ':' + std::to_string(endpoint.port());
}

core::Result<std::shared_ptr<asio::ssl::context>> make_tls_context(
    std::string const& ca_file, bool verify, ClientCertificate const& client
) {
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
    if (error) return unusable("authorities", ca_file, error.message(), "ca_file");
    if (auto const shown = show_certificate(*context, client); !shown) return core::pass_on(shown);
    return context;
}

async::Task<core::Result<std::unique_ptr<Wire>>> open_wire(
    async::Executor executor, Url url, std::shared_ptr<asio::ssl::context> tls, WireTimeouts timeouts,
    std::shared_ptr<AddressGuard const> guard
) {
    auto const deadline = deadline_of(timeouts.connect, timeouts);
    auto endpoints = co_await look_up(executor, url, deadline);
    if (!endpoints) co_return core::pass_on(endpoints);
    if (guard) {
        auto const allowed = keep_allowed(*endpoints, *guard, url.host);
        if (!allowed) co_return core::pass_on(allowed);
    }

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
