#include "cli/command.hpp"
#include "cli/output.hpp"
#include "core/config_text.hpp"
#include "core/json.hpp"
#include "server/webhook_targets.hpp"

#include <nlohmann/json.hpp>

#include <iostream>

namespace macp::cli {
namespace {

using Json = nlohmann::json;

struct Options {
    std::string file{};
    bool check = false;
    bool explain = false;
    bool markdown = false;
    bool json = false;
};

/// Every mistake as an object with file, line, key and message.
Json errors_of(core::Error const& error) {
    for (auto const& [name, text] : error.members) {
        if (name == "errors") return core::parse_json(text).value_or(Json::array());
    }
    auto const key = error.field.empty() ? Json{} : Json(error.field);
    return Json::array({{{"file", nullptr}, {"line", nullptr}, {"key", key}, {"message", error.message}}});
}

int refuse(core::Error const& error, bool json) {
    if (json) std::cout << core::dump_json({{"ok", false}, {"errors", errors_of(error)}}) << '\n';
    return report(error);
}

int check(core::LoadedConfig const& loaded, bool json) {
    for (auto const& checked :
         {core::check_root(loaded), core::check_for_serving(loaded.config), server::check_delivery(loaded.config)}) {
        if (!checked) return refuse(checked.error(), json);
    }
    if (json) {
        std::cout << core::dump_json({{"ok", true}, {"warnings", loaded.warnings}}) << '\n';
        return Done;
    }
    for (auto const& warning : loaded.warnings) complain("warning: " + warning);
    auto const file = loaded.file.empty() ? std::string{"no file: defaults and environment"} : loaded.file.string();
    std::cout << "ok (" << file << ")\n";
    return Done;
}

int run(Options const& options) {
    if (options.markdown) {
        std::cout << core::config_reference();
        return Done;
    }
    auto const loaded = core::load_config(core::process_sources(options.file));
    if (!loaded) return refuse(loaded.error(), options.json);
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
        "A configuration with mistakes ends it with 2; with --json they are `errors`, each with file, line, key and "
        "message.\nExamples:\n  macp config --check\n  macp config --explain --json\n  MACP_THREADS=2 macp config "
        "--explain"
    );
}

}  // namespace macp::cli
