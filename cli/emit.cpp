#include "cli/command.hpp"
#include "cli/emit_body.hpp"
#include "cli/event_names.hpp"
#include "cli/later.hpp"
#include "cli/output.hpp"
#include "cli/server_options.hpp"
#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iostream>
#include <iterator>

namespace macp::cli {
namespace {

constexpr auto ndjson_type = "application/x-ndjson";

struct Options {
    ServerOptions server{};
    EmitRequest event{};
    std::string file{};
    bool json = false;
    bool best_effort = false;
    CLI::App const* command = nullptr;  ///< Holds the `--key value` pairs that are no options.
};

core::Result<std::string> read_lines(std::string const& path) {
    if (path == "-") return std::string{std::istreambuf_iterator<char>{std::cin}, {}};
    std::ifstream file{path, std::ios::binary};
    if (!file) return core::fail(core::ErrorCode::NotFound, "cannot read " + path);
    return std::string{std::istreambuf_iterator<char>{file}, {}};
}

void print(client::Receipt const& receipt, bool json) {
    if (json) {
        nlohmann::json const answer{
            {"accepted", receipt.accepted},
            {"first_seq", receipt.first_seq},
            {"last_seq", receipt.last_seq},
            {"repeats", receipt.repeats},
        };
        std::cout << core::dump_json(answer) << '\n';
        return;
    }
    std::cout << receipt.accepted << " accepted";
    if (receipt.accepted > 0) std::cout << ", seq " << receipt.first_seq;
    if (receipt.last_seq > receipt.first_seq) std::cout << " to " << receipt.last_seq;
    if (receipt.repeats > 0) std::cout << ", " << receipt.repeats << " known already";
    std::cout << '\n';
}

/// What the command line says, or its file. Every event has its id before the first try: a second one adds nothing.
core::Result<ingest::SpooledBody> body_of(Options const& options) {
    ingest::SpooledBody body{.door = "POST /api/events", .content_type = "application/json"};
    auto event = options.event;
    event.members = options.command->remaining();
    if (options.file.empty()) {
        auto const document = emit_body(event);
        if (!document) return core::pass_on(document);
        body.text = named(core::dump_json(*document), NamedAt::Payload);
    } else {
        if (!event.type.empty() || !event.members.empty()) {
            return core::fail(
                core::ErrorCode::InvalidField, "--file brings whole events: give no type and no --key value beside it"
            );
        }
        auto const lines = read_lines(options.file);
        if (!lines) return core::pass_on(lines);
        body.content_type = ndjson_type;
        body.text = named_lines(*lines);
    }
    body.received = core::SystemClock{}.now();
    return body;
}

core::Result<client::Receipt> post(client::Client& client, ingest::SpooledBody const& body) {
    if (body.content_type == ndjson_type) return client.emit_lines(body.text);
    return core::parse_json(body.text).and_then([&](nlohmann::json const& event) { return client.emit(event); });
}

/// Tried once within a second, and then left to the spool.
core::Result<client::Receipt> post_hurriedly(Options const& options, ingest::SpooledBody const& body) {
    return hurried_client(options.server, Budget{agent_patience}).and_then([&](client::Client* client) {
        return post(*client, body);
    });
}

core::Result<client::Receipt> post_patiently(Options const& options, ingest::SpooledBody const& body) {
    auto access = client_options(options.server);
    if (!access) return core::pass_on(access);
    client::Client client{*std::move(access)};
    return post(client, body);
}

int run(Options const& options) {
    auto const body = body_of(options);
    if (!body) return report(body.error());
    auto const receipt = options.best_effort ? post_hurriedly(options, *body) : post_patiently(options, *body);
    if (receipt) return print(*receipt, options.json), Done;
    return options.best_effort ? leave_for_later(options.server, *body, receipt.error(), true)
                               : report(receipt.error());
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
    command.add_flag(
        "--best-effort", options->best_effort,
        "Take no more than a second, and end with 0 when the server cannot take it now: it gets it later"
    );
    add_server_options(command, options->server);
    command.footer(
        "Any other --key value becomes a text in the event's data; --key:=JSON sets a number, list or object.\n"
        "With --best-effort, what the server cannot take now is kept under .mosaic/orchestrator/spool of the "
        "workspace;\n"
        "the server takes it from there, once.\n"
        "Examples:\n"
        "  macp emit task.completed --task_id TASK-001 --title 'Implement user auth' --attempt:=1\n"
        "  macp emit custom --data '{\"message\":\"hello\"}'\n"
        "  macp emit --file events.ndjson"
    );
}

}  // namespace macp::cli
