#pragma once

#include "core/result.hpp"
#include "http/message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace macp::http {

/// A secret that callers may show, kept only as its digest.
struct Token {
    std::string name{};  ///< For logs.
    Scope scopes = Scope::None;
    std::string digest{};  ///< SHA-256 of the secret, 32 bytes.
    std::string label{};   ///< What callers are known by: the name, with a number once its secret was changed.
};

/// `read`, `ingest`, `control`, `admin`, joined by `,` or `+`, to a set. Errors: InvalidField.
[[nodiscard]] core::Result<Scope> parse_scopes(std::string_view text);

/// `read,control` for a set; `none` for the empty one.
[[nodiscard]] std::string format_scopes(Scope scopes);

/// Reads `scopes:secret`. Errors: InvalidField, never quoting the secret.
[[nodiscard]] core::Result<Token> parse_token(std::string_view name, std::string_view text);

/// Splits `host:port` and `[v6]:port`. Errors: InvalidField.
[[nodiscard]] core::Result<std::pair<std::string, std::string>> split_address(std::string_view address);

/// Errors: InvalidField when anyone on the network could call a gateway that asks for no token.
[[nodiscard]] core::Result<void> check_listen(std::string_view address, std::vector<Token> const& tokens);

[[nodiscard]] std::string sha256(std::string_view text);

}  // namespace macp::http
