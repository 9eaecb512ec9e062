#include "io/url.hpp"

#include "core/ascii.hpp"
#include "core/number.hpp"

#include <algorithm>

namespace macp::io {
namespace {

bool is_port(std::string_view text) {
    return core::parse_number<std::uint16_t>(text).value_or(0) != 0;
}

bool must_be_escaped(char c) {
    return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f;
}

tl::unexpected<core::Error> refuse(std::string_view text, std::string_view why) {
    return core::fail(
        core::ErrorCode::InvalidField,
        "`" + std::string{text.substr(0, 200)} + "` is not a URL that can be used: " + std::string{why}, "url"
    );
}

}  // namespace

std::string Url::authority() const {
    auto out = host.find(':') == std::string::npos ? host : '[' + host + ']';
    if (port != (tls ? "443" : "80")) out += ':' + port;
    return out;
}

std::string Url::origin() const {
    return (tls ? "https://" : "http://") + authority();
}

core::Result<Url> parse_url(std::string_view text) {
    auto const scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) return refuse(text, "it must begin with http:// or https://");
    auto const scheme = core::lower_case(text.substr(0, scheme_end));
    Url url{.tls = scheme == "https" || scheme == "wss"};
    if (!url.tls && scheme != "http" && scheme != "ws") return refuse(text, "it must begin with http:// or https://");
    if (std::ranges::any_of(text, must_be_escaped)) return refuse(text, "it holds characters that must be escaped");

    auto rest = text.substr(scheme_end + 3);
    rest = rest.substr(0, rest.find('#'));
    auto const authority = rest.substr(0, rest.find_first_of("/?"));
    if (authority.find('@') != std::string_view::npos)
        return refuse(text.substr(0, scheme_end), "give the credentials apart");
    auto const path = rest.substr(authority.size());
    url.target = path.starts_with('/') ? std::string{path} : '/' + std::string{path};

    auto const bracket = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
    auto const colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    auto const host = authority.substr(0, colon);
    url.host = core::lower_case(bracket == std::string_view::npos ? host : host.substr(1, bracket - 1));
    if (url.host.empty()) return refuse(text, "it names no host");
    url.port = colon == std::string_view::npos ? std::string{url.tls ? "443" : "80"}
                                               : std::string{authority.substr(colon + 1)};
    if (!is_port(url.port)) return refuse(text, "its port must be between 1 and 65535");
    return url;
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string out;
    for (char const c : text) {
        if (plain.find(c) != std::string_view::npos) {
            out += c;
            continue;
        }
        auto const byte = static_cast<unsigned char>(c);
        out += '%';
        out += hex[byte >> 4U];
        out += hex[byte & 0x0fU];
    }
    return out;
}

}  // namespace macp::io
