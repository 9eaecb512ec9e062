#pragma once

#include <CLI/CLI.hpp>

#include <functional>

namespace macp::cli {

/// How a command ends; scripts rely on it.
enum ExitCode : int {
    Done = 0,
    Refused = 1,   ///< The server said no, or it cannot be done here (a full disk, an output that takes no more).
    BadUsage = 2,  ///< Wrong arguments, configuration or files.
    NoServer = 3,  ///< Nobody answered.
};

/// The work of the command that the command line chose; returns its exit code.
using Action = std::function<int()>;

/// Each adds one command to `app`, which on use sets `chosen`.
void add_serve(CLI::App& app, Action& chosen);
void add_watch(CLI::App& app, Action& chosen);
void add_tail(CLI::App& app, Action& chosen);
void add_events(CLI::App& app, Action& chosen);
void add_emit(CLI::App& app, Action& chosen);
void add_hooks(CLI::App& app, Action& chosen);
void add_status(CLI::App& app, Action& chosen);
void add_webhooks(CLI::App& app, Action& chosen);
void add_explain(CLI::App& app, Action& chosen);
void add_sink(CLI::App& app, Action& chosen);
void add_config(CLI::App& app, Action& chosen);
void add_completion(CLI::App& app, Action& chosen);
void add_man(CLI::App& app, Action& chosen);

/// A command on the command line: its options live in `Options`, and `run` does its work with them.
template <class Options>
CLI::App& add_command(
    CLI::App& app, Action& chosen, char const* name, char const* description, std::shared_ptr<Options> const& options,
    int (*run)(Options const&)
) {
    auto* const command = app.add_subcommand(name, description);
    command->callback([options, run, &chosen] { chosen = [options, run] { return run(*options); }; });
    return *command;
}

}  // namespace macp::cli
