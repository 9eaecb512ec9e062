#include "http/access.hpp"

#include "core/id.hpp"
#include "core/json.hpp"
#include "http/uri.hpp"

#include <algorithm>
#include <utility>

namespace macp::http {
namespace {

using core::ErrorCode;
using core::fail;

constexpr Scope every_scope = Scope::Read | Scope::Ingest | Scope::Control | Scope::Admin;

/// `example.org` of `example.org:80`, `[::1]` of `[::1]:80`.
std::string_view without_port(std::string_view host) {
    auto const bracket = host.rfind(']');
    auto const colon = host.rfind(':');
    bool const has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    return has_port ? host.substr(0, colon) : host;
}

bool is_loopback_name(std::string_view name) {
    return equal_ignoring_case(name, "localhost") || name == "127.0.0.1" || name == "[::1]";
}

bool is_own_host(std::string_view host, Ends const& ends) {
    auto const name = without_port(host);
    if (ends.local_is_loopback && is_loopback_name(name)) return true;
    return name == ends.local_host && host.substr(name.size()) == ":" + ends.local_port;
}

bool is_listed_host(std::string_view host, std::vector<std::string> const& listed) {
    return std::ranges::any_of(listed, [&](std::string const& entry) {
        return equal_ignoring_case(entry, host) || equal_ignoring_case(entry, without_port(host));
    });
}

std::string take_query(Request& request, std::string_view name) {
    std::string first;
    for (auto it = request.query.begin(); it != request.query.end();) {
        if (it->first != name) {
            ++it;
            continue;
        }
        if (first.empty()) first = std::move(it->second);
        it = request.query.erase(it);
    }
    return first;
}

/// The token of the request; whatever it was sent in is taken out.
std::string take_token(Request& request) {
    auto from_query = take_query(request, "access_token");
    std::string token;
    for (auto it = request.headers.begin(); it != request.headers.end();) {
        if (it->first != "authorization") {
            ++it;
            continue;
        }
        auto const value = core::trim(it->second);
        if (token.empty() && value.size() > 7 && equal_ignoring_case(value.substr(0, 7), "bearer ")) {
            token = core::trim(value.substr(7));
        }
        it = request.headers.erase(it);
    }
    if (token.empty() && request.method == "GET") token = std::move(from_query);
    return token;
}

/// Compares with every token, whichever fits, so that the time tells nothing.
Token const* find_token(std::vector<Token> const& tokens, std::string_view secret) {
    auto const digest = sha256(secret);
    Token const* found = nullptr;
    for (auto const& token : tokens) {
        if (core::equal_in_constant_time(token.digest, digest)) found = &token;
    }
    return found;
}

}  // namespace

Access::Access(Policy policy) : policy_{std::make_shared<Policy const>(std::move(policy))} {}

void Access::replace(Policy policy) {
    std::lock_guard const lock{mutex_};
    ++changes_;
    for (auto& token : policy.tokens) {
        auto const old = std::ranges::find(policy_->tokens, token.name, &Token::name);
        if (old == policy_->tokens.end()) continue;
        token.label = old->digest == token.digest ? old->label : token.name + "#" + std::to_string(changes_);
    }
    policy_ = std::make_shared<Policy const>(std::move(policy));
}

std::shared_ptr<Access::Policy const> Access::policy() const {
    std::lock_guard const lock{mutex_};
    return policy_;
}

core::Result<void> Access::check_host(Request const& request, Ends const& ends) const {
    auto const host = request.header("host");
    if (!host) return {};  // HTTP/1.0: no browser sends it
    if (is_own_host(*host, ends) || is_listed_host(*host, policy()->hosts)) return {};
    return fail(ErrorCode::Forbidden, "this gateway does not serve the host `" + std::string{*host} + "`", "Host");
}

core::Result<void> Access::check_origin(Request const& request) const {
    auto const origin = request.header("origin");
    if (!origin) return {};
    auto const host = request.header("host").value_or(std::string_view{});
    auto const scheme_end = origin->find("://");
    bool const is_web = origin->starts_with("http://") || origin->starts_with("https://");
    if (is_web && !host.empty() && equal_ignoring_case(origin->substr(scheme_end + 3), host)) return {};
    auto const current = policy();
    if (std::ranges::find(current->origins, *origin) != current->origins.end()) return {};
    return fail(ErrorCode::Forbidden, "pages of `" + std::string{*origin} + "` may not call this gateway", "Origin");
}

void Access::identify(Request& request, Ends const& ends) const {
    auto const current = policy();
    auto const secret = take_token(request);
    request.scopes = Scope::None;
    request.caller.clear();
    if (current->tokens.empty()) {
        if (ends.remote_is_loopback) request.scopes = every_scope;
        return;
    }
    if (secret.empty()) return;
    auto const* const token = find_token(current->tokens, secret);
    if (token == nullptr) return;
    request.scopes = token->scopes;
    request.caller = token->label;
}

bool Access::still_valid(std::string_view caller, Scope needed) const {
    auto const current = policy();
    if (caller.empty()) return current->tokens.empty();
    auto const token = std::ranges::find(current->tokens, caller, &Token::label);
    return token != current->tokens.end() && allows(token->scopes, needed);
}

void Access::add_cors(Response& response, std::string_view origin, bool preflight) const {
    auto const current = policy();
    response.headers.emplace_back("Vary", "Origin");
    if (std::ranges::find(current->origins, origin) == current->origins.end()) return;
    response.headers.emplace_back("Access-Control-Allow-Origin", origin);
    response.headers.emplace_back("Access-Control-Expose-Headers", "X-Request-Id, Retry-After");
    if (!preflight) return;
    auto const allow = std::ranges::find(response.headers, "Allow", &std::pair<std::string, std::string>::first);
    if (allow != response.headers.end()) {
        auto methods = allow->second;
        response.headers.emplace_back("Access-Control-Allow-Methods", std::move(methods));
    }
    response.headers.emplace_back(
        "Access-Control-Allow-Headers",
        "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Accept, X-Request-Id"
    );
    response.headers.emplace_back("Access-Control-Max-Age", "600");
}

}  // namespace macp::http
