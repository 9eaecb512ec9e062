#pragma once

#include "core/result.hpp"
#include "delivery/targets.hpp"
#include "http/message.hpp"

#include <nlohmann/json_fwd.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace macp::handlers {

/// The body as a JSON object. Errors: UnsupportedType, BadJson, InvalidField.
[[nodiscard]] core::Result<nlohmann::json> json_body(
    http::Request const& request, std::initializer_list<std::string_view> types
);

/// What a replay is asked to do: `{"since":"<position or time>","until"?,"types"?}`.
struct ReplayBody {
    delivery::Moment since{};
    delivery::Moment until{};
    std::vector<std::string> types{};
};
/// Errors: InvalidField with the member's JSON pointer.
[[nodiscard]] core::Result<ReplayBody> parse_replay(nlohmann::json const& body);

/// Which dead letters are meant: `{"ids":[…]}` or `{"all":true}`. Errors: InvalidField with the member's JSON pointer.
[[nodiscard]] core::Result<delivery::DeadChoice> parse_choice(nlohmann::json const& body);

}  // namespace macp::handlers
