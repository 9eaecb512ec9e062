#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace macp::core {

/// A place to listen on, or to reach a server at.
struct ListenAddress {
    std::string host{};  ///< Name or address, IPv6 without its brackets.
    std::uint16_t port = 0;

    bool operator==(ListenAddress const&) const = default;
    /// True when only this machine can reach it: `localhost`, 127.0.0.0/8 or `::1`.
    [[nodiscard]] bool loopback() const;
    /// `http://host:port`, with what a client on this machine would use for "any address".
    [[nodiscard]] std::string url(bool tls = false) const;
};

/// Reads `host:port` or `[v6]:port`. Errors: InvalidField (without a field; the caller names it).
[[nodiscard]] Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace macp::core
