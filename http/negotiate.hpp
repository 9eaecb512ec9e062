#pragma once

#include "core/result.hpp"
#include "http/message.hpp"

#include <initializer_list>
#include <string_view>

namespace macp::http {

/// Quality, 0 to 1000, that an Accept-like header gives to `wanted`; 1000 when the header is absent or empty.
/// `*`, `*/*` and `type/*` match; the most specific entry counts.
[[nodiscard]] int quality(std::optional<std::string_view> header, std::string_view wanted);

/// True when Accept-Encoding names gzip (or `*`) with a quality above 0.
[[nodiscard]] bool accepts_gzip(std::optional<std::string_view> accept_encoding);

/// The offer that Accept likes best; the earlier one among equals. Errors: NotAcceptable, naming the offers.
[[nodiscard]] core::Result<std::string_view> choose_type(
    Request const& request, std::initializer_list<std::string_view> offers
);

/// Errors: UnsupportedType when the body is in a `Content-Encoding` other than `identity`.
[[nodiscard]] core::Result<void> require_uncoded(Request const& request);

/// The media type of the body, in lower case, without parameters; empty when none was sent.
[[nodiscard]] std::string media_type(Request const& request);

/// Errors: UnsupportedType unless the body is of one of `types`, or has no type and `types` begins with the default.
[[nodiscard]] core::Result<std::string> require_type(
    Request const& request, std::initializer_list<std::string_view> types
);

}  // namespace macp::http
