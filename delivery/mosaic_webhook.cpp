#include "delivery/mosaic_webhook.hpp"

#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

namespace macp::delivery {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

/// A member of `macp.webhook`, and its name among a target's.
struct Member {
    char const* name;
    char const* target_name;
};

constexpr std::array<Member, 6> members{{
    {"enabled", "enabled"},
    {"url", "url"},
    {"auth_token", "auth_token"},
    {"timeout_seconds", "timeout_seconds"},
    {"retry_count", "retry"},
    {"event_filter", "types"},
}};

core::Result<std::string> read_text(fs::path const& file) {
    std::error_code unknown;
    if (std::filesystem::is_directory(file, unknown)) {
        return core::fail(core::ErrorCode::Unavailable, "cannot read " + file.string() + ": it is a folder");
    }
    std::ifstream in{file, std::ios::binary};
    std::ostringstream text;
    if (in) text << in.rdbuf();
    if (in && !in.bad() && !text.bad()) return text.str();
    auto const why = std::error_code{errno, std::generic_category()}.message();
    return core::fail(core::ErrorCode::Unavailable, "cannot read " + file.string() + ": " + why);
}

/// The member, or null; what is there and no object is an error.
core::Result<json const*> object_at(json const& parent, char const* name, std::string const& path) {
    auto const found = parent.find(name);
    if (found == parent.end() || found->is_null()) return nullptr;
    if (found->is_object()) return &*found;
    return core::fail(core::ErrorCode::InvalidField, path + " must be an object", path);
}

/// `macp.webhook` as the body of a target.
json as_target(json const& webhook) {
    json body{{"name", mosaic_target_name}, {"format", "raw"}, {"enabled", false}};
    for (auto const& [name, target_name] : members) {
        auto const found = webhook.find(name);
        if (found == webhook.end() || found->is_null()) continue;
        body[target_name] = *found;
    }
    if (body.contains("retry")) body["retry"] = json{{"count", body["retry"]}};
    return body;
}

/// The error of a target, told by the name that stands in the file.
core::Error tell(core::Error error, fs::path const& file) {
    for (auto const& [name, target_name] : members) {
        auto const pointer = std::string{"/"} + target_name;
        if (!error.field.starts_with(pointer)) continue;
        auto const rest = error.field.substr(pointer.size());
        auto const nested = std::string_view{target_name} == "types" ? rest : std::string{};
        auto const shown = error.field.substr(1);
        error.field = "/macp/webhook/" + std::string{name} + nested;
        if (error.message.starts_with(shown)) {
            error.message = "macp.webhook." + std::string{name} + nested + error.message.substr(shown.size());
        } else {
            error.message = "macp.webhook." + std::string{name} + ": " + error.message;
        }
        break;
    }
    error.message = file.string() + ": " + error.message;
    return error;
}

}  // namespace

core::Result<std::optional<TargetConfig>> read_mosaic_webhook(fs::path const& config_file) {
    std::error_code unknown;
    if (!fs::exists(config_file, unknown) && !unknown) return std::nullopt;
    auto const text = read_text(config_file);
    if (!text) return core::pass_on(text);
    auto const root = core::parse_json(*text);
    if (!root) return tl::unexpected{tell(root.error(), config_file)};
    if (!root->is_object()) {
        return core::fail(core::ErrorCode::InvalidField, config_file.string() + ": must be a JSON object");
    }
    auto const macp = object_at(*root, "macp", "macp");
    if (!macp) return tl::unexpected{tell(macp.error(), config_file)};
    if (*macp == nullptr) return std::nullopt;
    auto const webhook = object_at(**macp, "webhook", "macp.webhook");
    if (!webhook) return tl::unexpected{tell(webhook.error(), config_file)};
    if (*webhook == nullptr) return std::nullopt;

    auto const body = as_target(**webhook);
    auto const unused = body["enabled"] == false && (!body.contains("url") || body["url"] == "");
    if (unused) return std::nullopt;
    auto target = target_from_json(body, {});
    if (!target) return tl::unexpected{tell(target.error(), config_file)};
    return *std::move(target);
}

}  // namespace macp::delivery
