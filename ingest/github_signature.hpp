#pragma once

#include <string_view>

namespace macp::ingest {

/// True when `header` (`X-Hub-Signature-256`: `sha256=` and 64 hexadecimal digits) is the HMAC-SHA256 of `body` under
/// `secret`. The comparison takes the same time wherever they differ. Threads: safe from anywhere.
[[nodiscard]] bool github_signature_fits(std::string_view secret, std::string_view body, std::string_view header);

}  // namespace macp::ingest
