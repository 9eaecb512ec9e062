#include "io/http_client.hpp"

#include "core/ascii.hpp"
#include "io/host_slots.hpp"
#include "io/url.hpp"
#include "io/wire.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <limits>

namespace macp::io {
namespace {

namespace http = beast::http;
using Parser = http::response_parser<http::buffer_body>;
using Clock = std::chrono::steady_clock;

constexpr std::size_t piece_bytes = std::size_t{64} << 10;

struct Connection {
    std::string origin{};
    std::string peer{};
    std::unique_ptr<Wire> wire{};
    beast::flat_buffer buffer{};
    Clock::time_point idle_since{};
    bool reused = false;
};

/// One request on its way: its limits, and what is known of its answer.
struct Exchange {
    HttpRequest request{};
    Url url{};
    HttpTimeouts timeouts{};
    Clock::time_point deadline{};
    HttpResponse response{};
    bool answer_began = false;
    bool keep_alive = false;
    bool cut_off = false;  ///< More of the body would have come than anybody wants.

    [[nodiscard]] Clock::time_point until(std::chrono::milliseconds phase) const {
        return std::min(Clock::now() + phase, deadline);
    }
};

bool may_be_sent_again(HttpRequest const& request) {
    constexpr std::array<std::string_view, 5> idempotent{"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
    return request.repeatable || std::ranges::find(idempotent, request.method) != idempotent.end();
}

core::Error explain(Exchange const& exchange, async::ErrorCode error, std::string_view phase) {
    auto const peer = exchange.url.origin();
    if (error == beast::error::timeout) {
        return {.code = core::ErrorCode::Timeout, .message = peer + " took too long " + std::string{phase}};
    }
    if (error == http::error::body_limit || error == http::error::header_limit ||
        error == http::error::buffer_overflow) {
        return {.code = core::ErrorCode::TooLarge, .message = "the answer of " + peer + " is larger than allowed"};
    }
    auto const closed = error == http::error::end_of_stream || error == http::error::partial_message;
    auto const why = closed ? std::string{"it closed the connection"} : error.message();
    return {.code = core::ErrorCode::Unavailable, .message = "the exchange with " + peer + " broke off: " + why};
}

http::request<http::string_body> to_message(Exchange const& exchange, std::string const& user_agent) {
    http::request<http::string_body> message;
    message.version(11);
    message.method_string(exchange.request.method);
    message.target(exchange.url.target);
    message.set(http::field::host, exchange.url.authority());
    message.set(http::field::user_agent, user_agent);
    for (auto const& [name, value] : exchange.request.headers) message.set(name, value);
    message.body() = exchange.request.body;
    message.prepare_payload();
    return message;
}

void take_header(Parser const& parser, HttpResponse& response) {
    response.status = parser.get().result_int();
    for (auto const& field : parser.get()) {
        response.headers.emplace_back(core::lower_case(field.name_string()), std::string{field.value()});
    }
}

/// One more piece of the answer's body. `received`: bytes so far, this one included.
core::Result<void> take_piece(Exchange& exchange, std::string_view piece, std::size_t received, std::size_t most) {
    auto const& request = exchange.request;
    auto& body = exchange.response.body;
    if (request.sink && exchange.response.status / 100 == 2) return request.sink(piece);
    if (request.body_head) {
        body += piece.substr(0, *request.body_head - std::min(*request.body_head, body.size()));
        exchange.cut_off = received > most;
        return {};
    }
    body += piece;
    if (received > most) return tl::unexpected{explain(exchange, http::error::body_limit, {})};
    return {};
}

async::Task<core::Result<void>> read_body(
    Connection& connection, Parser& parser, Exchange& exchange, std::size_t most
) {
    std::string piece(piece_bytes, '\0');
    std::size_t received = 0;
    while (!parser.is_done() && !exchange.cut_off) {
        parser.get().body().data = piece.data();
        parser.get().body().size = piece.size();
        connection.wire->tcp().expires_at(exchange.until(exchange.timeouts.idle));
        auto const [error, bytes] =
            co_await http::async_read_some(*connection.wire, connection.buffer, parser, async::nothrow);
        if (error && error != http::error::need_buffer)
            co_return tl::unexpected{explain(exchange, error, "to send its body")};
        auto const got = std::string_view{piece}.substr(0, piece.size() - parser.get().body().size);
        received += got.size();
        auto const taken = take_piece(exchange, got, received, most);
        if (!taken) co_return core::pass_on(taken);
    }
    co_return core::Result<void>{};
}

}  // namespace

core::Result<void> check_headers(Headers const& headers) {
    constexpr std::string_view token_marks = "!#$%&'*+-.^_`|~";
    auto const in_name = [&](char c) {
        auto const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return letter || token_marks.find(c) != std::string_view::npos;
    };
    auto const breaks_line = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
    for (auto const& [name, value] : headers) {
        if (name.empty() || !std::ranges::all_of(name, in_name) || std::ranges::any_of(value, breaks_line)) {
            return core::fail(core::ErrorCode::InvalidField, "the header `" + name + "` cannot be sent as it is", name);
        }
    }
    return {};
}

std::optional<std::string_view> HttpResponse::header(std::string_view name) const {
    auto const found = std::ranges::find(headers, name, &Headers::value_type::first);
    if (found == headers.end()) return std::nullopt;
    return found->second;
}

struct HttpClient::Impl {
    Impl(async::Executor loop, HttpClientOptions chosen) : executor{std::move(loop)}, options{std::move(chosen)} {
        if (options.host_connections != 0) slots = std::make_shared<HostSlots>(executor, options.host_connections);
    }

    async::Executor executor;
    HttpClientOptions options;
    std::shared_ptr<HostSlots> slots{};  ///< Null: no bound.
    std::shared_ptr<asio::ssl::context> tls{};
    std::deque<Connection> idle{};

    /// A connection to the same place that is still good, the most recently used first.
    std::optional<Connection> take_idle(std::string const& origin) {
        auto const too_old = [this](Connection& connection) {
            return Clock::now() - connection.idle_since > options.keep_idle || !connection.wire->is_quiet();
        };
        std::erase_if(idle, too_old);
        auto const found = std::ranges::find(idle, origin, &Connection::origin);
        if (found == idle.end()) return std::nullopt;
        auto connection = std::move(*found);
        idle.erase(found);
        connection.reused = true;
        return connection;
    }

    void keep(Connection connection) {
        if (connection.buffer.size() != 0 || options.idle_connections == 0) return;
        connection.wire->tcp().expires_never();
        connection.idle_since = Clock::now();
        idle.push_front(std::move(connection));
        if (idle.size() > options.idle_connections) idle.pop_back();
    }

    async::Task<core::Result<Connection>> open(Exchange& exchange) {
        if (exchange.url.tls && !tls) {
            ClientCertificate const shown{
                .certificate_file = options.client_certificate_file, .key_file = options.client_key_file
            };
            auto made = make_tls_context(options.ca_file, options.verify, shown);
            if (!made) co_return core::pass_on(made);
            tls = *std::move(made);
        }
        WireTimeouts const limits{
            .connect = exchange.timeouts.connect,
            .handshake = exchange.timeouts.handshake,
            .until = exchange.deadline,
        };
        auto wire = co_await open_wire(executor, exchange.url, tls, limits, options.guard);
        if (!wire) co_return core::pass_on(wire);
        auto peer = (*wire)->peer();
        co_return Connection{.origin = exchange.url.origin(), .peer = std::move(peer), .wire = *std::move(wire)};
    }

    async::Task<core::Result<void>> send(Connection& connection, Exchange& exchange) const {
        auto const message = to_message(exchange, options.user_agent);
        connection.wire->tcp().expires_at(exchange.until(exchange.timeouts.send));
        auto const [error, bytes] = co_await http::async_write(*connection.wire, message, async::nothrow);
        if (error) co_return tl::unexpected{explain(exchange, error, "to take the request")};
        co_return core::Result<void>{};
    }

    async::Task<core::Result<void>> receive(Connection& connection, Exchange& exchange) const {
        std::optional<Parser> parser;
        do {  // past interim answers (1xx)
            parser.emplace();
            parser->header_limit(static_cast<std::uint32_t>(options.header_bytes));
            parser->body_limit(
                exchange.request.sink || exchange.request.body_head ? std::numeric_limits<std::uint64_t>::max()
                                                                    : options.response_bytes
            );
            parser->skip(exchange.request.method == "HEAD");
            connection.wire->tcp().expires_at(exchange.until(exchange.timeouts.answer));
            auto const [error, bytes] =
                co_await http::async_read_header(*connection.wire, connection.buffer, *parser, async::nothrow);
            exchange.answer_began = exchange.answer_began || bytes != 0 || parser->got_some();
            if (error) co_return tl::unexpected{explain(exchange, error, "to answer")};
        } while (parser->get().result_int() / 100 == 1);

        take_header(*parser, exchange.response);
        exchange.response.peer = connection.peer;
        auto const done = co_await read_body(connection, *parser, exchange, options.response_bytes);
        if (!done) co_return core::pass_on(done);
        exchange.keep_alive = parser->keep_alive() && !exchange.cut_off;
        co_return core::Result<void>{};
    }

    async::Task<core::Result<void>> attempt(Exchange& exchange, Connection connection) {
        auto done = co_await send(connection, exchange);
        if (done) done = co_await receive(connection, exchange);
        if (done && exchange.keep_alive) keep(std::move(connection));
        co_return done;
    }

    /// On a kept connection, else on a new one.
    async::Task<core::Result<void>> perform(Exchange& exchange) {
        if (auto kept = take_idle(exchange.url.origin()); kept) {
            auto done = co_await attempt(exchange, *std::move(kept));
            if (done) co_return done;
            auto const gone = done.error().code == core::ErrorCode::Unavailable && !exchange.answer_began;
            if (!gone || !may_be_sent_again(exchange.request)) co_return done;
        }
        auto fresh = co_await open(exchange);
        if (!fresh) co_return core::pass_on(fresh);
        co_return co_await attempt(exchange, *std::move(fresh));
    }
};

HttpClient::HttpClient(async::Executor executor, HttpClientOptions options)
    : impl_{std::make_unique<Impl>(executor, std::move(options))} {}

HttpClient::~HttpClient() = default;

std::size_t HttpClient::idle() const noexcept {
    return impl_->idle.size();
}

async::Task<core::Result<HttpResponse>> HttpClient::request(HttpRequest request) {
    auto url = parse_url(request.url);
    if (!url) co_return core::pass_on(url);
    if (auto const sound = check_headers(request.headers); !sound) co_return core::pass_on(sound);
    Exchange exchange{.request = std::move(request), .url = *std::move(url)};
    exchange.timeouts = exchange.request.timeouts.value_or(impl_->options.timeouts);
    auto const total = exchange.timeouts.total;
    exchange.deadline = total.count() == 0 ? Clock::time_point::max() : Clock::now() + total;

    std::optional<HostSlots::Slot> slot;
    if (impl_->slots) {
        slot = co_await impl_->slots->take(exchange.url.origin(), exchange.deadline);
        if (!slot) {
            co_return tl::unexpected{explain(exchange, beast::error::timeout, "to have a connection free")};
        }
    }
    auto const done = co_await impl_->perform(exchange);
    if (!done) co_return core::pass_on(done);
    co_return std::move(exchange.response);
}

}  // namespace macp::io
