#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/server_options.hpp"
#include "cli/table.hpp"
#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <iostream>

namespace macp::cli {
namespace {

using Json = nlohmann::json;

struct Options {
    ServerOptions server{};
    core::Seq seq = 0;
    bool json = false;
};

int run(Options const& options) {
    auto access = client_options(options.server);
    if (!access) return report(access.error());
    client::Client client{*std::move(access)};
    auto const told = client.event_deliveries(options.seq);
    if (!told) return report(told.error());
    if (options.json) {
        std::cout << core::dump_json(*told) << '\n';
        return Done;
    }
    auto const& items = (*told)["items"];
    if (items.empty()) complain("there are no webhooks");
    print_columns(items, {"name", "verdict", "tries", "next_try", "state", "breaker", "why"});
    return Done;
}

}  // namespace

void add_explain(CLI::App& app, Action& chosen) {
    auto const options = std::make_shared<Options>();
    auto& command = add_command(
        app, chosen, "explain", "Say why an event was, or was not, delivered to each webhook", options, run
    );
    command.add_option("seq", options->seq, "The event's position in the log")->type_name("SEQ")->required();
    command.add_flag("--json", options->json, "Print the answer as one line of JSON");
    add_server_options(command, options->server);
    command.footer("Examples:\n  macp explain 1042");
}

}  // namespace macp::cli
