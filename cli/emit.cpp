#include "cli/command.hpp"
#include "cli/emit_body.hpp"
#include "cli/output.hpp"
#include "cli/server_options.hpp"
#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iostream>
#include <iterator>

namespace macp::cli {
namespace {

struct Options {
    ServerOptions server{};
    EmitRequest event{};
    std::string file{};
    bool json = false;
    CLI::App const* command = nullptr;  ///< Holds the `--key value` pairs that are no options.
};

core::Result<std::string> read_lines(std::string const& path) {
    if (path == "-") return std::string{std::istreambuf_iterator<char>{std::cin}, {}};
    std::ifstream file{path, std::ios::binary};
    if (!file) return core::fail(core::ErrorCode::NotFound, "cannot read " + path);
    return std::string{std::istreambuf_iterator<char>{file}, {}};
}

int print(core::Result<client::Receipt> const& receipt, bool json) {
    if (!receipt) return report(receipt.error());
    if (json) {
        nlohmann::json const answer{
            {"accepted", receipt->accepted},
            {"first_seq", receipt->first_seq},
            {"last_seq", receipt->last_seq},
            {"repeats", receipt->repeats},
        };
        std::cout << core::dump_json(answer) << '\n';
        return Done;
    }
    std::cout << receipt->accepted << " accepted";
    if (receipt->accepted > 0) std::cout << ", seq " << receipt->first_seq;
    if (receipt->last_seq > receipt->first_seq) std::cout << " to " << receipt->last_seq;
    if (receipt->repeats > 0) std::cout << ", " << receipt->repeats << " known already";
    std::cout << '\n';
    return Done;
}

int run(Options const& options) {
    auto access = client_options(options.server);
    if (!access) return report(access.error());
    client::Client client{*std::move(access)};
    auto event = options.event;
    event.members = options.command->remaining();
    if (!options.file.empty()) {
        if (!event.type.empty() || !event.members.empty()) {
            complain("--file brings whole events: give no type and no --key value beside it");
            return BadUsage;
        }
        auto lines = read_lines(options.file);
        return lines ? print(client.emit_lines(*std::move(lines)), options.json) : report(lines.error());
    }
    auto const body = emit_body(event);
    return body ? print(client.emit(*body), options.json) : report(body.error());
}

}  // namespace

void add_emit(CLI::App& app, Action& chosen) {
    auto const options = std::make_shared<Options>();
    auto& command = add_command(app, chosen, "emit", "Append an event to the log", options, run);
    options->command = &command;
    command.allow_extras();
    command.add_option("type", options->event.type, "Type of the event, for example task.completed")->type_name("TYPE");
    command.add_option("--data", options->event.data, "The event's data as JSON")->type_name("JSON");
    command.add_option("--id", options->event.id, "Its id: the same id and source are never appended twice")
        ->type_name("ID");
    command.add_option("--subject", options->event.subject, "The task or session that it is about")->type_name("TEXT");
    command.add_option("--source", options->event.source, "Where it comes from (default /api/events)")
        ->type_name("URI");
    command.add_option("--file", options->file, "Append the events of this file, one a line; - is standard input")
        ->type_name("FILE");
    command.add_flag("--json", options->json, "Print the answer as one line of JSON");
    add_server_options(command, options->server);
    command.footer(
        "Any other --key value becomes a text in the event's data; --key:=JSON sets a number, list or object.\n"
        "Examples:\n"
        "  macp emit task.completed --task_id TASK-001 --title 'Implement user auth' --attempt:=1\n"
        "  macp emit custom --data '{\"message\":\"hello\"}'\n"
        "  macp emit --file events.ndjson"
    );
}

}  // namespace macp::cli
