#include "cli/command.hpp"
#include "cli/output.hpp"
#include "core/config_text.hpp"

#include <iostream>

namespace macp::cli {
namespace {

struct Options {
    std::string file{};
    bool check = false;
    bool explain = false;
    bool markdown = false;
    bool json = false;
};

int check(core::LoadedConfig const& loaded, bool json) {
    if (auto const servable = core::check_for_serving(loaded.config); !servable) return report(servable.error());
    auto const file = loaded.file.empty() ? std::string{"no file: defaults and environment"} : loaded.file.string();
    std::cout << (json ? "{\"ok\":true}" : "ok (" + file + ')') << '\n';
    return Done;
}

int run(Options const& options) {
    if (options.markdown) {
        std::cout << core::config_reference();
        return Done;
    }
    auto const loaded = core::load_config(core::process_sources(options.file));
    if (!loaded) return report(loaded.error());
    if (options.check) return check(*loaded, options.json);
    if (!options.explain) {
        complain("say --check or --explain");
        return BadUsage;
    }
    std::cout << (options.json ? core::explain_config_json(*loaded) + '\n' : core::explain_config(*loaded));
    return Done;
}

}  // namespace

void add_config(CLI::App& app, Action& chosen) {
    auto const options = std::make_shared<Options>();
    auto& command = add_command(app, chosen, "config", "Check or explain the configuration", options, run);
    auto* const check_flag = command.add_flag("--check", options->check, "Say what is wrong with it, all at once");
    auto* const explain = command.add_flag(
        "--explain", options->explain, "Print every key with its value, where that came from, default and range"
    );
    check_flag->excludes(explain);
    command.add_flag("--markdown", options->markdown, "With --explain: print the reference page")->needs(explain);
    command.add_flag("--json", options->json, "Print JSON");
    command.add_option("--config", options->file, "Configuration file; else the usual search")->type_name("FILE");
    command.footer(
        "Examples:\n  macp config --check\n  macp config --explain --json\n  MACP_THREADS=2 macp config --explain"
    );
}

}  // namespace macp::cli
