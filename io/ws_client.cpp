#include "io/ws_client.hpp"

#include "async/timer.hpp"
#include "core/ascii.hpp"
#include "io/url.hpp"
#include "io/wire.hpp"

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <utility>

namespace macp::io {
namespace {

namespace websocket = beast::websocket;
using Stream = websocket::stream<Wire&, false>;

core::Error explain(Url const& url, async::ErrorCode error) {
    auto const peer = url.origin();
    if (error == beast::error::timeout) {
        return {.code = core::ErrorCode::Timeout, .message = peer + " has been silent for too long"};
    }
    if (error == websocket::error::message_too_big || error == websocket::error::buffer_overflow) {
        return {.code = core::ErrorCode::TooLarge, .message = "a message of " + peer + " is larger than allowed"};
    }
    auto const why = error == websocket::error::closed ? "it was closed" : error.message();
    return {.code = core::ErrorCode::Unavailable, .message = "the WebSocket to " + peer + " ended: " + why};
}

HttpResponse to_response(websocket::response_type const& answer) {
    HttpResponse response{.status = answer.result_int(), .body = answer.body()};
    for (auto const& field : answer) {
        response.headers.emplace_back(core::lower_case(field.name_string()), std::string{field.value()});
    }
    return response;
}

}  // namespace

struct WsClient::Impl {
    Impl(std::unique_ptr<Wire> connected, Url where, WsOptions chosen, std::shared_ptr<asio::ssl::context> context)
        : tls{std::move(context)},
          wire{std::move(connected)},
          stream{*wire},
          url{std::move(where)},
          options{std::move(chosen)} {}

    /// Sets a bound on the next write, whatever reads are pending.
    void bound_write() { wire->tcp().expires_after(options.send); }

    std::shared_ptr<asio::ssl::context> tls;
    std::shared_ptr<Wire> wire;  ///< Shared with the timer that ends `close`.
    Stream stream;
    Url url;
    WsOptions options;
    std::string subprotocol{};
    std::uint16_t close_code = 0;
    std::string close_reason{};
};

WsClient::WsClient(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
WsClient::~WsClient() = default;

async::Task<core::Result<WsOpening>> WsClient::open(async::Executor executor, WsOptions options) {
    auto url = parse_url(options.url);
    if (!url) co_return core::pass_on(url);
    if (auto const sound = check_headers(options.headers); !sound) co_return core::pass_on(sound);
    std::shared_ptr<asio::ssl::context> tls;
    if (url->tls) {
        auto made = make_tls_context(options.ca_file, options.verify);
        if (!made) co_return core::pass_on(made);
        tls = *std::move(made);
    }
    WireTimeouts const limits{.connect = options.connect, .handshake = options.handshake};
    auto wire = co_await open_wire(executor, *url, tls, limits);
    if (!wire) co_return core::pass_on(wire);

    auto impl = std::make_unique<Impl>(*std::move(wire), *std::move(url), std::move(options), std::move(tls));
    auto const& chosen = impl->options;
    impl->stream.set_option(websocket::stream_base::decorator{[&chosen](websocket::request_type& request) {
        request.set(beast::http::field::user_agent, chosen.user_agent);
        if (!chosen.subprotocols.empty()) request.set(beast::http::field::sec_websocket_protocol, chosen.subprotocols);
        for (auto const& [name, value] : chosen.headers) request.set(name, value);
    }});
    impl->stream.read_message_max(chosen.message_bytes);
    impl->stream.auto_fragment(false);
    impl->stream.text(true);
    impl->wire->tcp().expires_after(chosen.handshake);
    websocket::response_type answer;
    auto const [error] =
        co_await impl->stream.async_handshake(answer, impl->url.authority(), impl->url.target, async::nothrow);
    if (error == websocket::error::upgrade_declined) co_return WsOpening{.refusal = to_response(answer)};
    if (error) co_return tl::unexpected{explain(impl->url, error)};
    impl->subprotocol = answer[beast::http::field::sec_websocket_protocol];
    impl->wire->limit_each_read(chosen.idle);
    co_return WsOpening{.socket = std::unique_ptr<WsClient>{new WsClient{std::move(impl)}}};
}

async::Task<core::Result<std::string>> WsClient::read() {
    std::string text;
    auto buffer = asio::dynamic_buffer(text);
    auto const [error, bytes] = co_await impl_->stream.async_read(buffer, async::nothrow);
    if (error) {
        auto const& reason = impl_->stream.reason();
        auto const unnamed = static_cast<std::uint16_t>(error == websocket::error::closed ? 1005 : 1006);
        impl_->close_code = error == websocket::error::closed && reason.code != 0 ? reason.code : unnamed;
        impl_->close_reason.assign(reason.reason.data(), reason.reason.size());
        co_return tl::unexpected{explain(impl_->url, error)};
    }
    co_return text;
}

async::Task<core::Result<void>> WsClient::send(std::string text) {
    impl_->bound_write();
    auto const [error, bytes] = co_await impl_->stream.async_write(asio::buffer(text), async::nothrow);
    if (error) co_return tl::unexpected{explain(impl_->url, error)};
    co_return core::Result<void>{};
}

async::Task<> WsClient::close(std::uint16_t code, std::string reason, std::chrono::milliseconds limit) {
    async::Timer bell{impl_->wire->get_executor(), limit};  // a pending read has a limit of its own, and a longer one
    bell.async_wait([wire = impl_->wire](async::ErrorCode const& cancelled) {
        if (!cancelled) wire->close();
    });
    websocket::close_reason goodbye{static_cast<websocket::close_code>(code)};
    goodbye.reason.assign(reason.data(), std::min<std::size_t>(reason.size(), goodbye.reason.max_size()));
    co_await impl_->stream.async_close(goodbye, async::nothrow);
    abort();
}

void WsClient::abort() noexcept {
    impl_->wire->close();
}
void WsClient::set_idle(std::chrono::milliseconds idle) noexcept {
    impl_->wire->limit_each_read(idle);
}
std::uint16_t WsClient::close_code() const noexcept {
    return impl_->close_code;
}
std::string WsClient::close_reason() const {
    return impl_->close_reason;
}
std::string const& WsClient::subprotocol() const noexcept {
    return impl_->subprotocol;
}

}  // namespace macp::io
