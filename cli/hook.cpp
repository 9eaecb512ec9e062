#include "cli/command.hpp"
#include "cli/event_names.hpp"
#include "cli/later.hpp"
#include "cli/output.hpp"
#include "cli/server_options.hpp"
#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <unistd.h>

namespace macp::cli {
namespace {

using std::chrono::milliseconds;

/// Of `agent_patience`; the rest is for the gateway.
constexpr milliseconds input_patience{400};
constexpr std::size_t most_input_bytes = std::size_t{32} << 20;

struct Options {
    ServerOptions server{};
    std::string door{};
    std::string file{};
    std::string provider{};
    bool best_effort = false;
};

core::Result<std::string> read_file(std::string const& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) return core::fail(core::ErrorCode::NotFound, "cannot read " + path);
    return std::string{std::istreambuf_iterator<char>{file}, {}};
}

/// Up to its end. Who does not close it is waited for a while, and then taken at what has come.
core::Result<std::string> read_input() {
    Budget const budget{input_patience};
    std::string text;
    std::array<char, std::size_t{64} << 10> block{};
    while (text.size() < most_input_bytes) {
        pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        auto const ready = ::poll(&input, 1, static_cast<int>(budget.left().count()));
        if (ready == 0) {
            if (core::parse_json(text)) return text;
            return core::fail(core::ErrorCode::InvalidField, "standard input did not end in time");
        }
        auto const got = ready < 0 ? -1 : ::read(STDIN_FILENO, block.data(), block.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return text;
        text.append(block.data(), static_cast<std::size_t>(got));
    }
    return core::fail(core::ErrorCode::InvalidField, "standard input is too long for a hook");
}

core::Result<std::string> read_hook(Options const& options) {
    auto text = options.file.empty() || options.file == "-" ? read_input() : read_file(options.file);
    if (text && core::trim(*text).empty()) {
        return core::fail(
            core::ErrorCode::InvalidField, "there is nothing to send: a hook's JSON comes on standard input"
        );
    }
    return text;
}

/// Nothing goes to standard output: agents take that for their hook's answer.
int run(Options const& options) {
    Budget const budget{agent_patience};
    ingest::SpooledBody body{
        .door = "POST " + options.door, .content_type = "application/json", .received = core::SystemClock{}.now()
    };
    auto text = read_hook(options);
    if (!text && options.best_effort) return complain(text.error().message), Done;
    if (!text) return report(text.error());
    // What is no JSON goes as it is: the gateway keeps it among the rejects.
    body.text = named(*std::move(text), NamedAt::Top);
    if (!options.provider.empty()) body.text = with_text(std::move(body.text), "provider", options.provider);

    auto const sent = hurried_client(options.server, budget).and_then([&](client::Client* client) {
        return client->hook(options.door, body.text);
    });
    return sent ? Done : leave_for_later(options.server, body, sent.error(), options.best_effort);
}

void add_hook_options(CLI::App& command, Options& options) {
    command.add_option("--file", options.file, "Read the hook's JSON from this file; else from standard input")
        ->type_name("FILE");
    command.add_flag(
        "--best-effort", options.best_effort, "End with 0 whatever comes of it: an agent takes no harm from its hook"
    );
    add_server_options(command, options.server);
}

constexpr auto about_spool =
    "Ends within a second and prints nothing to standard output. A hook that the gateway cannot take now is kept "
    "under\n"
    ".mosaic/orchestrator/spool of the workspace; the gateway takes it from there, once.\n";

}  // namespace

void add_hooks(CLI::App& app, Action& chosen) {
    auto* const omx = app.add_subcommand("omx", "Hooks of OMX and OMC");
    omx->require_subcommand(1);
    auto const envelope = std::make_shared<Options>();
    envelope->door = "/api/omx/hook";
    auto& omx_hook = add_command(*omx, chosen, "hook", "Hand an OMX or OMC envelope to the gateway", envelope, run);
    add_hook_options(omx_hook, *envelope);
    omx_hook.footer(
        about_spool + std::string{"Examples:\n"
                                  "  macp omx hook --best-effort < envelope.json\n"
                                  "  macp omx hook --file envelope.json"}
    );

    auto* const native = app.add_subcommand("native", "Hooks of Codex and Claude Code");
    native->require_subcommand(1);
    auto const payload = std::make_shared<Options>();
    payload->door = "/api/native/hook";
    auto& hook = add_command(*native, chosen, "hook", "Hand the payload of a native hook to the gateway", payload, run);
    hook.add_option("--provider", payload->provider, "Whose hook it is, unless the payload says so")
        ->check(CLI::IsMember({"codex", "claude"}));
    add_hook_options(hook, *payload);
    hook.footer(
        about_spool + std::string{"Examples:\n"
                                  "  macp native hook --provider claude --best-effort   # as the command of a hook\n"
                                  "  macp native hook --provider codex --file payload.json"}
    );
}

}  // namespace macp::cli
