#include "http/tokens.hpp"

#include "core/json.hpp"

#include <boost/asio/ip/address.hpp>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <utility>

namespace macp::http {
namespace {

using core::ErrorCode;
using core::fail;

constexpr std::array<std::pair<std::string_view, Scope>, 4> scope_names{{
    {"read", Scope::Read},
    {"ingest", Scope::Ingest},
    {"control", Scope::Control},
    {"admin", Scope::Admin},
}};

constexpr std::size_t least_secret = 8;

bool is_visible(char c) {
    return c > ' ' && c < '\x7f';
}

core::Result<Token> make_token(std::string_view name, std::string_view scopes, std::string_view secret) {
    auto const label = "the token `" + std::string{name} + "`";
    auto const held = parse_scopes(scopes);
    if (!held) return fail(ErrorCode::InvalidField, label + ": " + held.error().message);
    if (name.empty() || !std::ranges::all_of(name, is_visible))
        return fail(ErrorCode::InvalidField, "a token has no name");
    if (secret.size() < least_secret)
        return fail(ErrorCode::InvalidField, label + " needs a secret of 8 characters or more");
    if (!std::ranges::all_of(secret, is_visible)) {
        return fail(ErrorCode::InvalidField, label + " has a secret with white space or other than ASCII in it");
    }
    return Token{.name = std::string{name}, .scopes = *held, .digest = sha256(secret), .label = std::string{name}};
}

}  // namespace

core::Result<Scope> parse_scopes(std::string_view text) {
    auto scopes = Scope::None;
    while (!text.empty()) {
        auto const part = text.substr(0, text.find_first_of(",+"));
        auto const name = core::trim(part);
        text.remove_prefix(std::min(text.size(), part.size() + 1));
        auto const known = std::ranges::find(scope_names, name, &std::pair<std::string_view, Scope>::first);
        if (known == scope_names.end()) {
            return fail(
                ErrorCode::InvalidField, "`" + std::string{name} + "` is no scope; use read, ingest, control or admin"
            );
        }
        scopes = scopes | known->second;
    }
    if (scopes == Scope::None) return fail(ErrorCode::InvalidField, "no scope is named");
    return scopes;
}

std::string format_scopes(Scope scopes) {
    std::string out;
    for (auto const& [name, scope] : scope_names) {
        if ((static_cast<unsigned>(scopes) & static_cast<unsigned>(scope)) == 0) continue;
        if (!out.empty()) out += ',';
        out += name;
    }
    return out.empty() ? "none" : out;
}

core::Result<Token> parse_token(std::string_view name, std::string_view text) {
    auto const colon = text.find(':');
    if (colon == std::string_view::npos) {
        return fail(ErrorCode::InvalidField, "the token `" + std::string{name} + "` must be written as scopes:secret");
    }
    return make_token(name, core::trim(text.substr(0, colon)), core::trim(text.substr(colon + 1)));
}

core::Result<std::pair<std::string, std::string>> split_address(std::string_view address) {
    auto const colon = address.rfind(':');
    auto host = address.substr(0, colon);
    bool const bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    bool const bare_v6 = !bracketed && host.find(':') != std::string_view::npos;
    if (colon == std::string_view::npos || host.empty() || colon + 1 == address.size() || bare_v6) {
        return fail(ErrorCode::InvalidField, "`" + std::string{address} + "` is not host:port or [v6]:port");
    }
    return std::pair{std::string{host}, std::string{address.substr(colon + 1)}};
}

core::Result<void> check_listen(std::string_view address, std::vector<Token> const& tokens) {
    auto const parts = split_address(address);
    if (!parts) return core::pass_on(parts);
    if (!tokens.empty() || parts->first == "localhost") return {};
    boost::system::error_code error;
    auto const ip = boost::asio::ip::make_address(parts->first, error);
    if (!error && ip.is_loopback()) return {};
    return fail(
        ErrorCode::InvalidField, "with no token configured the gateway listens on loopback only, not on " +
                                     std::string{address} + "; configure access.tokens or access.tokens_file"
    );
}

std::string sha256(std::string_view text) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    ::SHA256(reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest.data());
    return {digest.begin(), digest.end()};
}

}  // namespace macp::http
