#pragma once

#include "core/result.hpp"
#include "io/http_client.hpp"

#include <string>

namespace macp::client {

/// What an answer outside 2xx says, from its problem+json or else its status. Problem members without a place of their
/// own in Error go to `members`, `status` and `request_id` among them.
[[nodiscard]] core::Error to_error(io::HttpResponse const& answer);

/// Adds what to do to an error of a connection that could not be made.
[[nodiscard]] core::Error with_advice(core::Error error);

/// `https://host:port/prefix` without a slash at its end. Errors: InvalidField.
[[nodiscard]] core::Result<std::string> base_url(std::string const& url);

}  // namespace macp::client
