#pragma once

#include "core/result.hpp"

#include <string>
#include <string_view>

namespace macp::io {

/// Where to connect and what to ask for.
struct Url {
    bool tls = false;         ///< `https` or `wss`.
    std::string host{};       ///< A name or an address; IPv6 without its brackets.
    std::string port{};       ///< Never empty: 80 or 443 when the text has none.
    std::string target{"/"};  ///< Path and query, as sent.

    /// As in a `Host` header: brackets round IPv6, no default port.
    [[nodiscard]] std::string authority() const;
    /// `https://host:port`, for messages and for telling connections apart.
    [[nodiscard]] std::string origin() const;
};

/// Reads an absolute URL of scheme http, https, ws or wss; a fragment is dropped.
/// Errors: InvalidField for anything else, credentials in the URL, or characters that must be escaped.
[[nodiscard]] core::Result<Url> parse_url(std::string_view text);

/// Escapes everything but RFC 3986's unreserved characters: for one path segment, name or value of a query.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace macp::io
