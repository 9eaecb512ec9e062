#include "core/ascii.hpp"
#include "delivery/target_config.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace macp::delivery {
namespace {

using nlohmann::json;

bool looks_secret(std::string_view header) {
    constexpr std::array<std::string_view, 8> words{"auth",     "token",      "key",    "secret",
                                                    "password", "credential", "cookie", "signature"};
    auto const name = core::lower_case(header);
    return std::ranges::any_of(words, [&name](auto word) { return name.find(word) != std::string::npos; });
}

std::string position_text(core::Position const& position) {
    if (position.kind == core::Position::Kind::Start) return "start";
    if (position.kind == core::Position::Kind::Now) return "now";
    return position.epoch.empty() ? std::to_string(position.seq) : core::format_position(position.epoch, position.seq);
}

json shared_members(TargetConfig const& target) {
    json where = json::object();
    for (auto const& [field, glob] : target.where) where[field] = glob;
    json out{
        {"name", target.name},
        {"url", target.url},
        {"types", target.types},
        {"where", std::move(where)},
        {"format", to_text(target.format)},
        {"timeout_seconds", target.timeout_seconds},
        {"retry",
         {{"count", target.retry.count},
          {"base_seconds", target.retry.base_seconds},
          {"cap_seconds", target.retry.cap_seconds}}},
        {"ordering", to_text(target.ordering)},
        {"rate_per_second", target.rate_per_second},
        {"max_age_seconds", target.max_age_seconds},
        {"batch_events", target.batch_events},
        {"batch_bytes", target.batch_bytes},
        {"concurrency", target.concurrency},
        {"disable_after_seconds", target.disable_after_seconds},
        {"since", position_text(target.since)},
        {"enabled", target.enabled},
    };
    for (auto const& [name, text] :
         {std::pair{"secret_env", &target.secret_env},
          {"auth_token_env", &target.auth_token_env},
          {"ca_file", &target.ca_file},
          {"client_certificate_file", &target.client_certificate_file},
          {"client_key_file", &target.client_key_file}}) {
        if (!text->empty()) out[name] = *text;
    }
    return out;
}

}  // namespace

json target_to_json(TargetConfig const& target) {
    auto out = shared_members(target);
    json headers = json::object();
    for (auto const& [name, value] : target.headers) headers[name] = looks_secret(name) ? masked_value : value;
    out["headers"] = std::move(headers);
    out["secrets"] = target.secrets.size();
    out["has_auth_token"] = !target.auth_token.empty();
    return out;
}

json target_to_storage(TargetConfig const& target) {
    auto out = shared_members(target);
    json headers = json::object();
    for (auto const& [name, value] : target.headers) headers[name] = value;
    out["headers"] = std::move(headers);
    if (target.secret_env.empty()) out["secrets"] = target.secrets;
    if (!target.auth_token.empty() && target.auth_token_env.empty()) out["auth_token"] = target.auth_token;
    return out;
}

}  // namespace macp::delivery
