#pragma once

#include "core/result.hpp"
#include "http/message.hpp"

#include <string>
#include <string_view>

namespace macp::http {

/// One kind of refusal on the wire.
struct Problem {
    unsigned status = 500;
    std::string_view slug{};  ///< Last segment of the problem type.
    std::string_view title{};
};

/// Refusals of the protocol itself, which no handler can make.
namespace problems {
inline constexpr Problem bad_request{400, "bad-request", "Bad request"};
inline constexpr Problem target_too_long{414, "target-too-long", "Target too long"};
inline constexpr Problem expectation_failed{417, "expectation-failed", "Expectation failed"};
inline constexpr Problem header_too_large{431, "header-too-large", "Header too large"};
inline constexpr Problem bad_version{505, "version-not-supported", "HTTP version not supported"};
}  // namespace problems

/// The one table from error codes to the wire.
[[nodiscard]] Problem problem_of(core::ErrorCode code);

/// An RFC 9457 answer, with Retry-After and WWW-Authenticate where they belong.
[[nodiscard]] Response to_response(core::Error const& error, std::string_view request_id);
[[nodiscard]] Response to_response(Problem const& problem, core::Error const& error, std::string_view request_id);

}  // namespace macp::http
