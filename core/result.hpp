#pragma once

#include <tl/expected.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace macp::core {

/// What went wrong, independent of any protocol. `http/problem.cpp` owns the one mapping to status and problem type.
enum class ErrorCode {
    BadJson,           ///< The text is not JSON.
    InvalidField,      ///< JSON, or a parameter, that breaks the contract; `Error::field` says which.
    Unauthorized,      ///< No credentials, or wrong ones.
    Forbidden,         ///< Known, but not allowed.
    NotFound,          ///< No such thing.
    MethodNotAllowed,  ///< The path exists, not with this method.
    NotAcceptable,     ///< The request asks for something else than what it can have here.
    RequestTimeout,    ///< The peer took too long to send its request.
    Conflict,          ///< The thing is in a state that forbids this.
    TooLarge,          ///< Body, header or frame over its limit.
    UnsupportedType,   ///< The media type is not one that this door takes.
    RateLimited,       ///< Too many requests from this peer.
    Overloaded,        ///< A bounded queue is full; try again.
    Unavailable,       ///< A resource is out of reach for now; try again.
    StorageFull,       ///< The disk is full.
    Timeout,           ///< We took too long.
    Corrupt,           ///< Stored data fails its integrity check.
    Internal,          ///< A bug.
};

/// A failure the caller is expected to handle.
struct Error {
    ErrorCode code = ErrorCode::Internal;
    std::string message;                  ///< Safe to show to a client: what is wrong and what to do.
    std::string field{};                  ///< JSON pointer, query parameter or header at fault; empty when none is.
    std::chrono::seconds retry_after{0};  ///< When to try again; 0: not stated.
    std::vector<std::pair<std::string, std::string>> members{};  ///< More problem members; values are JSON text.
};

template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string field = {}) {
    return tl::unexpected<Error>{Error{.code = code, .message = std::move(message), .field = std::move(field)}};
}

/// A refusal that asks the caller to come back after `retry_after`.
[[nodiscard]] inline tl::unexpected<Error> fail_for_now(
    ErrorCode code, std::string message, std::chrono::seconds retry_after
) {
    return tl::unexpected<Error>{Error{.code = code, .message = std::move(message), .retry_after = retry_after}};
}

/// Hands a failure on from a function with another value type.
template <class T>
[[nodiscard]] tl::unexpected<Error> pass_on(Result<T> const& failed) {
    return tl::unexpected<Error>{failed.error()};
}

}  // namespace macp::core
