#include "http/router.hpp"

#include "http/problem.hpp"
#include "http/tokens.hpp"
#include "http/uri.hpp"

#include <boost/asio/this_coro.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

namespace macp::http {
namespace {

using core::Error;
using core::ErrorCode;

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> segments;
    while (!path.empty()) {
        path.remove_prefix(1);
        segments.push_back(path.substr(0, path.find('/')));
        path.remove_prefix(segments.back().size());
    }
    return segments;
}

bool is_capture(std::string_view segment) {
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool more_literal(std::vector<std::string_view> const& a, std::vector<std::string_view> const& b) {
    return std::ranges::lexicographical_compare(a, b, [](auto x, auto y) { return !is_capture(x) && is_capture(y); });
}

bool same_shape(std::vector<std::string_view> const& a, std::vector<std::string_view> const& b) {
    return std::ranges::equal(a, b, [](auto x, auto y) { return is_capture(x) ? is_capture(y) : x == y; });
}

Response options_answer(std::string allow) {
    Response response{.status = 204, .content_type = {}};
    response.headers.emplace_back("Allow", std::move(allow));
    return response;
}

void add_method(std::string& allow, std::string_view method) {
    if (!allow.empty()) allow += ", ";
    allow += method;
    if (method == "GET") allow += ", HEAD";
}

std::optional<Error> scope_error(Route const& route, Request const& request) {
    if (allows(request.scopes, route.scope)) return std::nullopt;
    auto const needed = "this needs a token with the scope `" + format_scopes(route.scope) + "`";
    if (request.scopes == Scope::None) {
        return Error{.code = ErrorCode::Unauthorized, .message = needed + "; none was sent, or it is not known"};
    }
    return Error{
        .code = ErrorCode::Forbidden,
        .message = needed + "; `" + request.caller + "` has " + format_scopes(request.scopes),
    };
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_{std::move(routes)} {
    for (auto const& route : routes_) {
        add(route);
        if (std::ranges::none_of(methods_, [&](auto const method) { return method == route.method; })) {
            methods_.push_back(route.method);
        }
    }
    std::ranges::sort(patterns_, more_literal, &Path::segments);
}

void Router::add(Route const& route) {
    auto const segments = split(route.pattern);
    Path* path = nullptr;
    if (std::ranges::none_of(segments, is_capture)) {
        path = &literals_[route.pattern];
    } else {
        auto const same =
            std::ranges::find_if(patterns_, [&](auto const& p) { return same_shape(p.segments, segments); });
        path = same == patterns_.end() ? &patterns_.emplace_back() : &*same;
    }
    path->segments = segments;
    auto const twice = [&](Route const* other) { return other->method == route.method; };
    if (std::ranges::any_of(path->routes, twice)) {
        throw std::invalid_argument{"two routes for " + std::string{route.method} + " " + std::string{route.pattern}};
    }
    path->routes.push_back(&route);
}

bool Router::fits(Path const& path, std::vector<std::string_view> const& segments, Pairs& params) {
    if (path.segments.size() != segments.size()) return false;
    params.clear();
    for (std::size_t i = 0; i < segments.size(); ++i) {
        auto const pattern = path.segments[i];
        if (!is_capture(pattern)) {
            if (pattern != segments[i]) return false;
            continue;
        }
        auto value = percent_decode(segments[i]);
        if (!value || value->empty()) return false;
        params.emplace_back(pattern.substr(1, pattern.size() - 2), *std::move(value));
    }
    return true;
}

Route const* Router::pick(Path const& path, std::string_view method, std::string& allow) {
    auto const wanted = method == "HEAD" ? std::string_view{"GET"} : method;
    for (auto const* route : path.routes) {
        if (route->method == wanted) return route;
    }
    for (auto const* route : path.routes) add_method(allow, route->method);
    return nullptr;
}

Match Router::match(std::string_view method, std::string_view path) const {
    Match match;
    if (path == "*") {
        for (auto const known : methods_) add_method(match.allow, known);
    }
    if (auto const literal = literals_.find(path); literal != literals_.end()) {
        match.route = pick(literal->second, method, match.allow);
        if (match.route != nullptr) return match;
    }
    auto const segments = split(path);
    for (auto const& pattern : patterns_) {
        if (!fits(pattern, segments, match.params)) continue;
        match.route = pick(pattern, method, match.allow);
        if (match.route != nullptr) return match;
    }
    match.params.clear();
    if (!match.allow.empty()) match.allow += ", OPTIONS";
    return match;
}

std::optional<Response> Router::refuse(Match const& match, Request const& request) {
    if (match.route != nullptr) {
        auto const error = scope_error(*match.route, request);
        if (error) return to_response(*error, request.id);
        return std::nullopt;
    }
    if (request.method == "OPTIONS" && !match.allow.empty()) return options_answer(match.allow);
    if (match.allow.empty()) {
        return to_response(
            Error{.code = ErrorCode::NotFound, .message = "there is nothing at " + request.path}, request.id
        );
    }
    auto const detail = request.path + " does not take " + request.method + "; it takes " + match.allow;
    auto response = to_response(Error{.code = ErrorCode::MethodNotAllowed, .message = detail}, request.id);
    response.headers.emplace_back("Allow", match.allow);
    return response;
}

async::Task<Response> Router::run(Route const& route, Request request) {
    auto const id = request.id;
    std::optional<core::Result<Response>> answer;
    std::string bug;
    try {
        answer = co_await route.handler(std::move(request));
    } catch (std::exception const& thrown) {
        bug = thrown.what();
    } catch (...) {
        bug = "not an exception of std";
    }
    if (answer && *answer) co_return **std::move(answer);

    auto const cancellation = co_await boost::asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != boost::asio::cancellation_type::none) {
        Error const late{.code = ErrorCode::Timeout, .message = "the request took longer than the gateway allows"};
        co_return to_response(late, id);
    }
    if (answer) co_return to_response(answer->error(), id);
    spdlog::error("{} {} threw, request {}: {}", route.method, route.pattern, id, bug);
    Error const fault{.message = "the gateway failed on this request; its log says why, under the request id"};
    co_return to_response(fault, id);
}

}  // namespace macp::http
