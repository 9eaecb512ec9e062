#include "server/serve.hpp"

#include "cli/command.hpp"
#include "cli/output.hpp"
#include "core/config_load.hpp"
#include "server/webhook_targets.hpp"

namespace macp::cli {
namespace {

struct Options {
    std::string file{};
    std::string listen{};
    std::string root{};
};

int run(Options const& options) {
    auto sources = core::process_sources(options.file);
    if (!options.listen.empty()) sources.options.push_back({"--listen", "listen", options.listen});
    if (!options.root.empty()) sources.options.push_back({"--root", "root", options.root});
    auto const loaded = core::load_config(std::move(sources));
    if (!loaded) return report(loaded.error());
    for (auto const& warning : loaded->warnings) complain("warning: " + warning);
    if (auto const there = core::check_root(*loaded); !there) return report(there.error());
    if (auto const servable = core::check_for_serving(loaded->config); !servable) return report(servable.error());
    if (auto const sound = server::check_delivery(loaded->config); !sound) return report(sound.error());
    return server::serve(*loaded);
}

}  // namespace

void add_serve(CLI::App& app, Action& chosen) {
    auto const options = std::make_shared<Options>();
    auto& command = add_command(app, chosen, "serve", "Run the gateway until SIGTERM or SIGINT", options, run);
    command.add_option("--config", options->file, "Configuration file; else the usual search")->type_name("FILE");
    command.add_option("--listen", options->listen, "Address to listen on, instead of the configuration's")
        ->type_name("ADDRESS");
    command.add_option("--root", options->root, "The workspace, instead of the configuration's")->type_name("DIR");
    command.footer(
        "SIGHUP reads the configuration again.\nExamples:\n  macp serve\n  macp serve --root ~/project --listen "
        "127.0.0.1:0"
    );
}

}  // namespace macp::cli
