#pragma once

#include "core/result.hpp"
#include "http/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace macp::ws {

/// True when the request asks to become a WebSocket connection of the one version that there is.
[[nodiscard]] bool wants_upgrade(http::Request const& request);

/// Answers a request that should have asked for it: 426, with the version that is spoken.
[[nodiscard]] http::Response upgrade_required(http::Request const& request);

/// The 101 answer, with `protocol` when one was chosen. Errors: InvalidField naming the header at fault.
[[nodiscard]] core::Result<std::string> accept_upgrade(http::Request const& request, std::string_view protocol);

/// `Sec-WebSocket-Accept` for a key: RFC 6455 §4.2.2.
[[nodiscard]] std::string accept_key(std::string_view key);

/// The names in a comma separated header, trimmed.
[[nodiscard]] std::vector<std::string_view> list_of(std::string_view header);

}  // namespace macp::ws
