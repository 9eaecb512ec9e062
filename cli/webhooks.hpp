#pragma once

#include "cli/command.hpp"
#include "cli/server_options.hpp"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <string>

namespace macp::cli {

/// What every command about one target has.
struct WebhookOptions {
    ServerOptions server{};
    std::string id{};
    bool json = false;
};
/// Adds them; `what`: of the flag `--json`.
void add_webhook_options(CLI::App& command, WebhookOptions& options);

/// Asks the server, and prints the answer: as JSON when that is wanted, else by `print`. Returns the exit code.
[[nodiscard]] int ask_webhooks(
    WebhookOptions const& options, std::function<core::Result<nlohmann::json>(client::Client&)> const& ask,
    std::function<void(nlohmann::json const&)> const& print
);

/// The commands of `macp webhooks` that steer a target: test, pause, resume, replay, dead-letters.
void add_webhook_control(CLI::App& group, Action& chosen);

}  // namespace macp::cli
