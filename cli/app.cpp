#include "cli/app.hpp"

#include "cli/output.hpp"

#include <iostream>

namespace macp::cli {

std::unique_ptr<CLI::App> make_app(Action& chosen) {
    auto app =
        std::make_unique<CLI::App>("Event and control gateway for coding agents: one log, many cursors.", "macp");
    app->set_version_flag("--version", "macp " MACP_VERSION_TEXT);
    app->set_help_flag("-h,--help", "Print this help and exit");
    app->get_formatter()->column_width(34);
    app->require_subcommand(1);
    app->footer(
        "Exit codes: 0 done, 1 refused or failed, 2 bad usage, 3 no server.\n"
        "Examples:\n"
        "  macp serve\n"
        "  macp watch --type 'task.*'\n"
        "  macp tail --since start --json\n"
        "  macp emit task.completed --task_id TASK-001 --title 'Implement user auth'"
    );
    for (auto* const add :
         {add_serve, add_watch, add_tail, add_events, add_emit, add_hooks, add_status, add_webhooks, add_explain,
          add_sink, add_config, add_completion, add_man}) {
        add(*app, chosen);
    }
    return app;
}

namespace {

/// The exit code, once all that was printed has got through.
int finish(int code) {
    auto const written = flush_output();
    return written || code != Done ? code : report_local(written.error());
}

}  // namespace

int run(int argc, char const* const* argv) {
    Action chosen;
    auto const app = make_app(chosen);
    try {
        app->parse(argc, argv);
    } catch (CLI::RequiredError const& error) {
        auto const unknown = app->remaining();
        if (unknown.empty()) return app->exit(error, std::cout, std::cerr), BadUsage;
        complain("there is no command `" + unknown.front() + "`: macp --help lists them");
        return BadUsage;
    } catch (CLI::ParseError const& error) {
        return finish(app->exit(error, std::cout, std::cerr) == 0 ? Done : BadUsage);
    }
    log_to_stderr();
    return finish(chosen());
}

}  // namespace macp::cli
