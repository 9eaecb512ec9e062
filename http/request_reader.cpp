#include "http/request_reader.hpp"

#include "http/negotiate.hpp"
#include "http/sessions.hpp"
#include "http/uri.hpp"

#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <utility>

namespace macp::http {
namespace {

using BeastError = boost::beast::http::error;
using core::ErrorCode;

constexpr std::size_t skipped_body_bytes = std::size_t{64} << 10;  ///< Of a refused request, to keep the connection.

bool is_sane_id(std::string_view id) {
    constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return !id.empty() && id.size() <= 64 && id.find_first_not_of(allowed) == std::string_view::npos;
}

std::size_t limit_of(BodyLimit body, Limits const& limits) {
    if (body == BodyLimit::Bulk) return limits.bulk_body_bytes;
    return body == BodyLimit::Control ? limits.body_bytes : 0;
}

std::string too_large_text(std::size_t limit) {
    return limit == 0 ? "this takes no body" : "the body is larger than " + std::to_string(limit) + " bytes";
}

/// Splits `http://host/path` into both; leaves other forms alone. The authority is empty when there is none.
std::string_view take_authority(std::string_view& target) {
    auto const scheme = target.find("://");
    if (target.starts_with('/') || scheme == std::string_view::npos) return {};
    auto rest = target.substr(scheme + 3);
    auto const authority = rest.substr(0, rest.find_first_of("/?"));
    rest.remove_prefix(authority.size());
    target = rest.empty() ? std::string_view{"/"} : rest;
    return authority;
}

}  // namespace

RequestReader::RequestReader(Connection& connection, Wire& wire)
    : connection_{connection}, wire_{wire}, body_share_{connection.sessions().bodies()} {}

async::Task<RequestReader::Got> RequestReader::next(Exchange& exchange) {
    exchange_ = &exchange;
    parser_ = RequestParser{};
    body_share_.give_back();
    parser_.header_limit(static_cast<std::uint32_t>(connection_.door().limits.header_bytes + 1));
    in_time_ = false;
    skipped_line_ = false;

    for (auto got = parse_header(); got != Got::Request; got = parse_header()) {
        if (got == Got::Refusal) co_return got;
        auto const more = co_await wait_for_header();
        if (more != Got::Request) co_return more;
    }
    in_time_ = false;
    if (!admit()) {
        co_await discard_body();
        co_return Got::Refusal;
    }
    if (parser_.is_done()) co_return Got::Request;
    co_return co_await read_body();
}

/// Some clients end a body with a line's end.
void RequestReader::skip_line() {
    if (parser_.got_some() || skipped_line_ || !wire_.unread().starts_with("\r\n")) return;
    wire_.consume(2);
    skipped_line_ = true;
}

RequestReader::Got RequestReader::parse_header() {
    skip_line();
    bool const half_line = !parser_.got_some() && !skipped_line_ && wire_.unread() == "\r";
    RequestParser::Error error;
    if (!wire_.unread().empty() && !half_line) wire_.consume(parser_.feed(wire_.unread(), error));
    if (header_too_large() || error == BeastError::header_limit) {
        return parser_.has_request_line()
                   ? break_off(problems::header_too_large, "the header is larger than this gateway takes")
                   : break_off(problems::target_too_long, "the request line is longer than this gateway takes");
    }
    if (parser_.is_other_version()) {
        return break_off(problems::bad_version, "this gateway speaks HTTP/1.1 and HTTP/1.0 only");
    }
    if (error == BeastError::bad_version) return break_off(problems::bad_request, "this is not HTTP");
    if (error && error != BeastError::need_more) {
        auto const& [message, field] = parser_.fault();
        auto const why = message.empty() ? error.message() : std::string{message};
        return break_off(problems::bad_request, "the request is malformed: " + why, std::string{field});
    }
    if (!parser_.is_header_done()) return Got::Nothing;
    take_header();
    return Got::Request;
}

bool RequestReader::header_too_large() const {
    auto const rest = parser_.is_header_done() ? 0 : wire_.unread().size();
    return parser_.header_bytes() + rest > connection_.door().limits.header_bytes;
}

async::Task<RequestReader::Got> RequestReader::wait_for_header() {
    bool const answered = !wire_.out().empty();
    if (answered) {
        auto const flushed = co_await wire_.flush();
        if (!flushed) co_return Got::Nothing;
    }
    bool const idle = wire_.unread().empty() && !parser_.got_some();
    if (idle && connection_.sessions().draining()) co_return Got::Nothing;
    if (idle) wire_.let_go();

    auto const& limits = connection_.door().limits;
    if (idle) {
        if (!answered) connection_.wait_for(Connection::Wait::Peer, limits.idle_timeout);  // else the clock runs
    } else if (!std::exchange(in_time_, true)) {
        connection_.wait_for(Connection::Wait::Request, limits.header_timeout);
    }
    connection_.set_idle(idle);
    auto const filled = co_await wire_.fill();
    connection_.set_idle(false);
    if (filled) co_return Got::Request;
    if (idle || !connection_.timed_out()) co_return Got::Nothing;
    co_return break_off(problem_of(ErrorCode::RequestTimeout), "the header did not come in time");
}

void RequestReader::take_header() {
    auto& request = parser_.request();
    exchange_->started = std::chrono::steady_clock::now();
    exchange_->method = request.method;
    exchange_->http_1_1 = parser_.is_http_1_1();
    exchange_->head = request.method == "HEAD";
    exchange_->keep_alive = parser_.keep_alive();
    exchange_->gzip = accepts_gzip(request.header("accept-encoding"));
    exchange_->origin = request.header("origin").value_or(std::string_view{});
    exchange_->preflight = request.method == "OPTIONS" && request.header("access-control-request-method").has_value();
    auto const id = request.header("x-request-id");
    exchange_->id = id && is_sane_id(*id) ? std::string{*id} : connection_.sessions().next_request_id();
    request.id = exchange_->id;
    request.remote = connection_.ends().remote;
    request.shard = &connection_.sessions().shard();
}

bool RequestReader::take_target() {
    auto& request = parser_.request();
    std::string_view target{parser_.target()};
    if (target.size() > connection_.door().limits.target_bytes) {
        break_off(problems::target_too_long, "the request target is longer than this gateway takes");
        return false;
    }
    auto const authority = take_authority(target);
    auto const host = request.header("host");
    bool const is_sound =
        target.starts_with('/') || target.starts_with('?') || (target == "*" && request.method == "OPTIONS");
    if (!is_sound || target.find('#') != std::string_view::npos || (!authority.empty() && host && *host != authority)) {
        break_off(problems::bad_request, "the request target is not one that this gateway understands");
        return false;
    }
    auto const split = std::min(target.find('?'), target.size());
    auto query = parse_query(target.substr(std::min(split + 1, target.size())));
    if (!query || !percent_decode(target.substr(0, split))) {
        return refuse(to_response(
            problems::bad_request, {.message = "the request target has a broken percent escape"}, exchange_->id
        ));
    }
    request.path = split == 0 ? "/" : target.substr(0, split);
    request.query = *std::move(query);
    return true;
}

bool RequestReader::admit() {
    if (!take_target()) return false;
    auto& request = parser_.request();
    auto const& door = connection_.door();
    auto const& ends = connection_.ends();
    if (auto const host = door.access.check_host(request, ends); !host)
        return refuse(to_response(host.error(), request.id));
    if (auto const origin = door.access.check_origin(request); !origin) {
        return refuse(to_response(origin.error(), request.id));
    }
    door.access.identify(request, ends);
    exchange_->caller = request.caller;

    auto& match = exchange_->match;
    match = door.router.match(request.method, request.path);
    if (auto refusal = Router::refuse(match, request)) return refuse(*std::move(refusal));
    request.params = std::move(match.params);
    return check_coding() && limit_body();
}

/// No body is decompressed: what is small here could be huge there.
bool RequestReader::check_coding() {
    auto const& request = parser_.request();
    if (exchange_->match.route->body == BodyLimit::None) return true;
    auto const uncoded = require_uncoded(request);
    if (uncoded) return true;
    auto response = to_response(uncoded.error(), request.id);
    response.headers.emplace_back("Accept-Encoding", "identity");
    return refuse(std::move(response));
}

bool RequestReader::limit_body() {
    body_limit_ = limit_of(exchange_->match.route->body, connection_.door().limits);
    if (parser_.content_length().value_or(0) > body_limit_) {
        break_off(problem_of(ErrorCode::TooLarge), too_large_text(body_limit_));
        return false;
    }
    parser_.body_limit(body_limit_);
    auto const expect = parser_.request().header("expect");
    if (!expect || !parser_.is_http_1_1()) return true;
    if (!equal_ignoring_case(*expect, "100-continue")) {
        break_off(problems::expectation_failed, "100-continue is the one expectation that is met here", "Expect");
        return false;
    }
    exchange_->expects_continue = true;
    return true;
}

async::Task<RequestReader::Got> RequestReader::read_body() {
    if (exchange_->expects_continue && wire_.unread().empty()) wire_.out().text() += "HTTP/1.1 100 Continue\r\n\r\n";
    auto const& limits = connection_.door().limits;
    auto got = parse_body();
    while (got == Got::Nothing) {
        if (!body_share_.grow_to(parser_.request().body.capacity())) co_return refuse_body();
        auto const flushed = co_await wire_.flush();
        if (!flushed) co_return Got::Nothing;
        if (!std::exchange(in_time_, true)) connection_.wait_for(Connection::Wait::Request, limits.body_timeout);
        auto const filled = co_await wire_.fill();
        if (!filled && !connection_.timed_out()) co_return Got::Nothing;
        if (!filled) co_return break_off(problem_of(ErrorCode::RequestTimeout), "the body did not come in time");
        got = parse_body();
    }
    co_return got;
}

RequestReader::Got RequestReader::parse_body() {
    RequestParser::Error error;
    while (!error && !parser_.is_done() && !wire_.unread().empty()) {
        wire_.consume(parser_.feed(wire_.unread(), error));
    }
    if (parser_.is_done() && !error) return Got::Request;
    if (error == BeastError::body_limit) {
        return break_off(problem_of(ErrorCode::TooLarge), too_large_text(body_limit_));
    }
    if (error && error != BeastError::need_more) {
        return break_off(problems::bad_request, "the body is malformed: " + error.message());
    }
    if (wire_.unread().size() > connection_.door().limits.header_bytes) {
        return break_off(problems::header_too_large, "a chunk header or the trailer is too large");
    }
    return Got::Nothing;
}

RequestReader::Got RequestReader::refuse_body() {
    parser_.request().body = {};
    body_share_.give_back();
    break_off(problem_of(ErrorCode::Overloaded), "too many bodies are on their way in: come back later");
    refusal_.headers.emplace_back("Retry-After", "1");
    return Got::Refusal;
}

async::Task<> RequestReader::discard_body() {
    if (broken_off_ || parser_.is_done()) co_return;
    auto const length = parser_.content_length().value_or(0);
    if (length > skipped_body_bytes || parser_.request().header("expect")) {
        broken_off_ = true;
        exchange_->keep_alive = false;
        co_return;
    }
    body_limit_ = skipped_body_bytes;
    parser_.body_limit(body_limit_);
    parser_.discard_body();
    auto refusal = std::move(refusal_);
    auto const got = co_await read_body();
    if (got != Got::Request) exchange_->keep_alive = false;
    refusal_ = std::move(refusal);
}

RequestReader::Got RequestReader::break_off(Problem const& problem, std::string detail, std::string field) {
    if (exchange_->id.empty()) {
        exchange_->started = std::chrono::steady_clock::now();
        exchange_->id = connection_.sessions().next_request_id();
    }
    exchange_->keep_alive = false;
    broken_off_ = true;
    core::Error const error{.message = std::move(detail), .field = std::move(field)};
    refusal_ = to_response(problem, error, exchange_->id);
    return Got::Refusal;
}

bool RequestReader::refuse(Response response) {
    refusal_ = std::move(response);
    return false;
}

}  // namespace macp::http
