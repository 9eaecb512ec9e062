#include "http/session.hpp"

#include "http/access_log.hpp"
#include "http/gzip.hpp"
#include "http/problem.hpp"
#include "http/reply.hpp"
#include "http/request_reader.hpp"
#include "http/sessions.hpp"
#include "http/uri.hpp"
#include "http/wire.hpp"

#include <boost/asio/this_coro.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace macp::http {
namespace {

constexpr std::size_t gathered_bytes = std::size_t{64} << 10;  ///< Answers to pipelined requests in one write.
constexpr std::size_t gathered_bodies = 16;
constexpr unsigned switching_protocols = 101;

/// Counts a request while it is handled.
class InFlight {
public:
    explicit InFlight(Counter& counter) : counter_{counter} { counter_.add(); }
    InFlight(InFlight const&) = delete;
    InFlight& operator=(InFlight const&) = delete;
    ~InFlight() { counter_.subtract(); }

private:
    Counter& counter_;
};

bool has_header(Response const& response, std::string_view name) {
    return std::ranges::any_of(response.headers, [&](auto const& header) {
        return equal_ignoring_case(header.first, name);
    });
}

std::string_view body_of(Response const& response) {
    return response.shared ? *response.shared : response.body;
}

/// A piece of a stream; the empty one ends it.
std::string packed(Gzip& zip, std::string_view piece) {
    std::string out;
    zip.put(out, piece, piece.empty() ? Gzip::Flush::Finish : Gzip::Flush::Sync);
    return out;
}

class Session {
public:
    explicit Session(Connection& connection)
        : connection_{connection},
          sessions_{connection.sessions()},
          limits_{connection.door().limits},
          wire_{connection},
          reader_{connection, wire_} {}

    async::Task<Handover> run();

private:
    async::Task<Response> handle();
    async::Task<Handover> hand_over(Response response);
    async::Task<bool> reply(Response response);
    void add_answer(Response response, bool has_body);
    async::Task<bool> reply_stream(Response response);
    /// True when the pieces go compressed.
    bool begin_stream(Response& response);
    bool may_compress(Response const& response) const;
    bool is_worth_compressing(Response const& response) const;
    static async::Task<> compress(Response& response);
    void add_piece(std::string piece);
    void break_off();
    Head head(Framing framing, std::uint64_t length);
    /// What every answer gets, whoever made it.
    void dress(Response& response);
    void record(unsigned status, std::uint64_t bytes) const;

    Connection& connection_;
    Sessions& sessions_;
    Limits const& limits_;
    Wire wire_;
    RequestReader reader_;
    Exchange exchange_;
};

async::Task<Handover> Session::run() {
    for (bool go_on = true; go_on;) {
        exchange_ = Exchange{};
        auto const got = co_await reader_.next(exchange_);
        if (got == RequestReader::Got::Nothing) break;

        Response response;
        if (got == RequestReader::Got::Refusal) {
            response = std::move(reader_.refusal());
        } else {
            response = co_await handle();
        }
        if (connection_.cancelled()) co_return Handover{};
        dress(response);
        if (response.takeover && !exchange_.head) co_return co_await hand_over(std::move(response));
        go_on = co_await reply(std::move(response));
    }
    if (!connection_.cancelled()) co_await wire_.finish(reader_.broken_off());
    co_return Handover{};
}

void Session::dress(Response& response) {
    if (sessions_.draining()) exchange_.keep_alive = false;
    if (!exchange_.origin.empty()) {
        connection_.door().access.add_cors(response, exchange_.origin, exchange_.preflight);
    }
}

async::Task<Response> Session::handle() {
    auto const& route = *exchange_.match.route;
    auto& in_flight = sessions_.counters().in_flight;
    if (in_flight.get() >= limits_.max_in_flight) {
        core::Error const busy{
            .code = core::ErrorCode::Overloaded,
            .message = "too many requests are being handled",
            .retry_after = std::chrono::seconds{1}
        };
        co_return to_response(busy, exchange_.id);
    }
    InFlight const counted{in_flight};
    connection_.cancel();
    if (route.long_poll) {
        co_await wire_.flush();  // others must not wait for this one; a failure shows with the next write
        connection_.cancel();
    } else {
        connection_.wait_for(Connection::Wait::Handler, limits_.request_timeout);
    }
    auto response = co_await Router::run(route, std::move(reader_.request()));
    reader_.handled();
    connection_.cancel();
    // The handler is cancelled, not the connection: it goes on with a clean state.
    if (connection_.timed_out() && !connection_.cancelled()) co_await asio::this_coro::reset_cancellation_state();
    co_return response;
}

async::Task<Handover> Session::hand_over(Response response) {
    if (response.status != switching_protocols) {
        exchange_.keep_alive = false;
        append_head(wire_.out().text(), response, head(Framing::UntilClose, 0));
    }
    record(response.status, 0);
    auto const flushed = co_await wire_.flush();
    if (!flushed) co_return Handover{};
    co_return Handover{.take = std::move(response.takeover), .leftover = std::string{wire_.unread()}};
}

async::Task<bool> Session::reply(Response response) {
    bool const has_body = may_have_body(response.status);
    if (response.stream && has_body && !exchange_.head) co_return co_await reply_stream(std::move(response));

    if (is_worth_compressing(response)) {
        response.headers.emplace_back("Vary", "Accept-Encoding");
        if (exchange_.gzip && !exchange_.head) co_await compress(response);
    }
    add_answer(std::move(response), has_body);
    auto const& out = wire_.out();
    if (out.size() < gathered_bytes && out.bodies() < gathered_bodies) co_return exchange_.keep_alive;
    auto const flushed = co_await wire_.flush();
    co_return flushed&& exchange_.keep_alive;
}

void Session::add_answer(Response response, bool has_body) {
    auto const length = body_of(response).size();
    bool const unknown = response.stream || response.takeover;  // a HEAD: only the head would tell
    auto& out = wire_.out();
    append_head(out.text(), response, head(has_body && !unknown ? Framing::Length : Framing::None, length));
    record(response.status, exchange_.head ? 0 : length);
    if (!has_body || exchange_.head) return;
    if (response.shared) {
        out.add_body(std::move(response.shared));
    } else {
        out.add_body(std::move(response.body));
    }
}

bool Session::may_compress(Response const& response) const {
    return limits_.gzip_min_bytes > 0 && is_compressible(response.content_type) &&
           !has_header(response, "Content-Encoding");
}

bool Session::is_worth_compressing(Response const& response) const {
    return body_of(response).size() >= limits_.gzip_min_bytes && !response.takeover && !response.stream &&
           may_compress(response);
}

async::Task<> Session::compress(Response& response) {
    response.body = co_await gzip(body_of(response));
    response.shared.reset();
    response.headers.emplace_back("Content-Encoding", "gzip");
}

async::Task<bool> Session::reply_stream(Response response) {
    std::optional<Gzip> zip;
    if (begin_stream(response)) zip.emplace();
    std::uint64_t bytes = 0;
    for (bool more = true; more;) {
        auto const flushed = co_await wire_.flush();
        if (!flushed) co_return false;
        connection_.cancel();  // the source takes its time
        auto piece = co_await response.stream();
        if (!piece) {
            spdlog::warn("the answer to request {} broke off: {}", exchange_.id, piece.error().message);
            record(response.status, bytes);
            break_off();
            co_return false;
        }
        more = !piece->empty();
        if (zip) *piece = packed(*zip, *piece);
        bytes += piece->size();
        if (!piece->empty()) add_piece(*std::move(piece));
    }
    if (exchange_.http_1_1) wire_.out().text() += "0\r\n\r\n";
    record(response.status, bytes);
    co_return exchange_.keep_alive;
}

bool Session::begin_stream(Response& response) {
    bool const compressible = may_compress(response);
    bool const packs = compressible && exchange_.gzip;
    if (compressible) response.headers.emplace_back("Vary", "Accept-Encoding");
    if (packs) response.headers.emplace_back("Content-Encoding", "gzip");
    if (!exchange_.http_1_1) exchange_.keep_alive = false;
    append_head(wire_.out().text(), response, head(exchange_.http_1_1 ? Framing::Chunked : Framing::UntilClose, 0));
    return packs;
}

void Session::add_piece(std::string piece) {
    if (exchange_.http_1_1) {
        wire_.out().add_chunk(std::move(piece));
    } else {
        wire_.out().add_body(std::move(piece));
    }
}

/// Cuts the answer off, so that nobody takes it for the whole: HTTP/1.0 knows only by a reset.
void Session::break_off() {
    async::ErrorCode ignored;
    if (!exchange_.http_1_1) connection_.transport().socket().set_option(asio::socket_base::linger{true, 0}, ignored);
    connection_.transport().close();
}

Head Session::head(Framing framing, std::uint64_t length) {
    return {
        .date = sessions_.date().now(),
        .request_id = exchange_.id,
        .framing = framing,
        .length = length,
        .http_1_1 = exchange_.http_1_1,
        .keep_alive = exchange_.keep_alive,
    };
}

void Session::record(unsigned status, std::uint64_t bytes) const {
    auto const took = std::chrono::steady_clock::now() - exchange_.started;
    sessions_.counters().count_answer(status, took);
    log_access(
        limits_.access_log,
        {
            .method = exchange_.method,
            .target = reader_.target(),
            .status = status,
            .bytes = bytes,
            .took = took,
            .request_id = exchange_.id,
            .remote = connection_.ends().remote,
            .caller = exchange_.caller,
        }
    );
}

}  // namespace

async::Task<Handover> serve_http(Connection& connection) {
    Session session{connection};
    co_return co_await session.run();
}

async::Task<> refuse_connection(Connection& connection) {
    auto& sessions = connection.sessions();
    core::Error const full{
        .code = core::ErrorCode::Overloaded,
        .message = "the gateway has as many connections as it takes",
        .retry_after = std::chrono::seconds{1},
    };
    auto const id = sessions.next_request_id();
    auto response = to_response(full, id);
    Wire wire{connection};
    Head const head{
        .date = sessions.date().now(), .request_id = id, .length = response.body.size(), .keep_alive = false
    };
    append_head(wire.out().text(), response, head);
    wire.out().add_body(std::move(response.body));
    sessions.counters().count_answer(response.status, {});
    co_await wire.finish(true);
}

}  // namespace macp::http
