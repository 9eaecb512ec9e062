#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/server_options.hpp"
#include "cli/stop_signal.hpp"
#include "client/subscription.hpp"

#include <iostream>

namespace macp::cli {
namespace {

struct Options {
    ServerOptions server{};
    FilterOptions filter{};
    std::string since = "now";
    bool json = false;
    bool follow = true;
    std::size_t limit = 0;
};

/// At once, for who waits for it. False when the output takes no more.
bool print(client::Event const& event, bool json, bool colours) {
    std::cout << (json ? event.text : readable_line(event.type, event.data(), std::to_string(event.seq), colours))
              << '\n';
    return flush_output().has_value();
}

int read_to_the_end(Options const& options, client::ClientOptions access, client::SubscriptionOptions const& wanted) {
    client::Client client{std::move(access)};
    core::Filter const filter{.types = wanted.types, .sources = {}, .subjects = {}, .where = wanted.where};
    client::EventQuery const query{
        .filter = filter, .since = options.since, .until = {}, .limit = page_limit(options.limit)
    };
    bool const colours = colours_wanted();
    std::size_t left = options.limit;  // 0 wraps round: there is no end to it
    auto const each = [&](client::Event const& event) { return print(event, options.json, colours) && --left != 0; };
    auto const ended = client.stream_events(query, each, tell_gap);
    return ended ? Done : report(ended.error());
}

int follow(Options const& options, client::SubscriptionOptions wanted) {
    client::Subscription* running = nullptr;
    bool const colours = colours_wanted();
    std::size_t left = options.limit;  // 0 wraps round: there is no end to it
    client::SubscriptionHandlers handlers;
    handlers.on_gap = tell_gap;
    handlers.on_event = [&](client::Event const& event, std::string const& /*position*/) {
        bool const more = print(event, options.json, colours) && --left != 0;
        if (!more) running->stop();
    };
    handlers.on_disconnect = [](core::Error const& why, std::chrono::milliseconds pause) {
        complain("disconnected (" + why.message + "), trying again in " + std::to_string(pause.count()) + " ms");
    };
    client::Subscription subscription{std::move(wanted), std::move(handlers)};
    running = &subscription;
    StopSignal const stop{[&] { subscription.stop(); }};
    auto const ended = subscription.run();
    return ended ? Done : report(ended.error());
}

int run(Options const& options) {
    auto access = client_options(options.server);
    if (!access) return report(access.error());
    auto where = parse_where(options.filter.where);
    if (!where) return report(where.error());
    if (auto const since = core::parse_position(options.since); !since) {
        return report(core::Error{.code = since.error().code, .message = "--since: " + since.error().message});
    }
    client::SubscriptionOptions wanted;
    wanted.url = access->url;
    wanted.token = access->token;
    wanted.ca_file = access->ca_file;
    wanted.types = options.filter.types;
    wanted.where = *std::move(where);
    wanted.since = options.since;
    wanted.fail_fast = true;
    return options.follow ? follow(options, std::move(wanted)) : read_to_the_end(options, *std::move(access), wanted);
}

}  // namespace

void add_tail(CLI::App& app, Action& chosen) {
    auto const options = std::make_shared<Options>();
    auto& command = add_command(app, chosen, "tail", "Print events as they come, until interrupted", options, run);
    add_filter_options(command, options->filter);
    command
        .add_option("--since", options->since, "Begin after this position: now (the default), start, SEQ or EPOCH:SEQ")
        ->type_name("POSITION");
    command.add_option("--limit", options->limit, "Stop after so many events; 0: never")->type_name("N");
    command.add_flag("--follow,!--no-follow", options->follow, "Wait for more at the end (the default), or stop there");
    command.add_flag("--json", options->json, "Print each event as one line of JSON");
    add_server_options(command, options->server);
    command.footer(
        "Examples:\n  macp tail\n  macp tail --type 'task.*' --where repo_name=x --since start\n  macp tail --json | "
        "jq .type"
    );
}

}  // namespace macp::cli
