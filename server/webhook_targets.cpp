#include "server/webhook_targets.hpp"

#include "core/config_problem.hpp"
#include "core/json.hpp"
#include "core/listen_address.hpp"
#include "core/version.hpp"
#include "delivery/mosaic_webhook.hpp"
#include "io/address_guard.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <unistd.h>

namespace macp::server {
namespace {

using core::ErrorCode;
using core::Result;
using delivery::ConfiguredTarget;
using Json = nlohmann::json;

constexpr auto mosaic_config = ".mosaic/orchestrator/config.json";

/// The line of a member, else of what it stands in.
std::size_t line_of(core::ConfigTable const& table, std::string pointer) {
    for (;;) {
        auto const found = table.lines.find(pointer);
        if (found != table.lines.end()) return found->second;
        if (pointer.empty()) return 0;
        pointer.resize(pointer.rfind('/'));
    }
}

/// A configuration file may be read and shared by others.
Result<void> check_secrets(Json const& body) {
    constexpr std::array secrets{std::pair{"secrets", "secret_env"}, std::pair{"auth_token", "auth_token_env"}};
    for (auto const& [member, instead] : secrets) {
        if (!body.contains(member)) continue;
        return core::fail(
            ErrorCode::InvalidField,
            std::string{member} + " does not belong into a file: name an environment variable with `" + instead + '`',
            std::string{"/"} + member
        );
    }
    return {};
}

Result<delivery::TargetConfig> read_target(
    core::ConfigTable const& table, delivery::Environment const& environment, std::set<std::string>& names
) {
    auto const body = core::parse_json(table.json);
    if (!body) return core::pass_on(body);
    if (auto const checked = check_secrets(*body); !checked) return core::pass_on(checked);
    auto target = delivery::target_from_json(*body, environment);
    if (target && !names.insert(target->name).second) {
        return core::fail(
            ErrorCode::InvalidField, "name: there are two webhooks named `" + target->name + '`', "/name"
        );
    }
    return target;
}

bool listens_on_loopback_alone(core::Config const& config) {
    return std::ranges::all_of(std::array{config.listen, config.ws.listen}, [](std::string const& text) {
        if (text.empty()) return true;
        auto const address = core::parse_listen_address(text);
        return address && address->loopback();
    });
}

}  // namespace

delivery::Environment process_environment() {
    delivery::Environment all;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::string_view const text{*entry};
        auto const equals = text.find('=');
        if (equals != std::string_view::npos) all.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return all;
}

Result<std::vector<ConfiguredTarget>> configured_targets(
    core::Config const& config, delivery::Environment const& environment
) {
    std::vector<ConfiguredTarget> all;
    std::set<std::string> names;
    auto mosaic = delivery::read_mosaic_webhook(config.root / mosaic_config);
    if (!mosaic) return core::pass_on(mosaic);
    if (*mosaic) {
        names.insert((*mosaic)->name);
        all.push_back({.origin = delivery::Origin::Mosaic, .config = **std::move(mosaic)});
    }
    std::vector<core::ConfigProblem> problems;
    for (auto const& table : config.webhooks) {
        auto target = read_target(table, environment, names);
        if (target) {
            all.push_back({.config = *std::move(target)});
            continue;
        }
        auto const& error = target.error();
        problems.push_back({
            .file = table.file,
            .line = line_of(table, error.field),
            .key = "webhooks" + error.field,
            .message = "[[webhooks]] " + error.message,
        });
    }
    if (!problems.empty()) return tl::unexpected{core::to_error(problems)};
    return all;
}

Result<io::HttpClientOptions> outgoing_options(core::Config const& config) {
    auto guard = io::AddressGuard::make({
        .allow_loopback = config.outgoing.allow_loopback || listens_on_loopback_alone(config),
        .allow_private = config.outgoing.allow_private,
        .allow = config.outgoing.allow,
    });
    if (!guard) return core::pass_on(guard);
    io::HttpClientOptions options{.user_agent = "macp/" + std::string{core::version}};
    options.guard = std::make_shared<io::AddressGuard const>(*std::move(guard));
    return options;
}

Result<void> check_delivery(core::Config const& config) {
    if (auto const targets = configured_targets(config, process_environment()); !targets) return core::pass_on(targets);
    if (auto const outgoing = outgoing_options(config); !outgoing) return core::pass_on(outgoing);
    return {};
}

}  // namespace macp::server
