#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/server_options.hpp"
#include "core/json.hpp"
#include "delivery/printable.hpp"

#include <nlohmann/json.hpp>

#include <iostream>

namespace macp::cli {
namespace {

struct Options {
    ServerOptions server{};
    bool json = false;
};

/// `last_seq: 42`; members of objects under their names, joined by dots.
void print_members(nlohmann::json const& value, std::string const& name) {
    if (value.is_object()) {
        for (auto const& [key, inner] : value.items()) print_members(inner, name.empty() ? key : name + '.' + key);
        return;
    }
    auto const* const text = value.get_ptr<nlohmann::json::string_t const*>();
    std::cout << delivery::printable(name + ": " + (text != nullptr ? *text : core::dump_json(value))) << '\n';
}

int run(Options const& options) {
    auto access = client_options(options.server);
    if (!access) return report(access.error());
    auto const url = access->url;
    client::Client client{*std::move(access)};
    auto const status = client.status();
    if (!status) return report(status.error());
    if (options.json) {
        std::cout << core::dump_json(*status) << '\n';
    } else {
        std::cout << "url: " << delivery::printable(url) << '\n';
        print_members(*status, "");
    }
    return Done;
}

}  // namespace

void add_status(CLI::App& app, Action& chosen) {
    auto const options = std::make_shared<Options>();
    auto& command = add_command(app, chosen, "status", "Print how the server is doing", options, run);
    command.add_flag("--json", options->json, "Print the answer as one line of JSON");
    add_server_options(command, options->server);
    command.footer("Examples:\n  macp status\n  macp status --json --url http://127.0.0.1:25294");
}

}  // namespace macp::cli
