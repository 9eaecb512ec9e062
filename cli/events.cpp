#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/server_options.hpp"

#include <iostream>

namespace macp::cli {
namespace {

struct Options {
    ServerOptions server{};
    FilterOptions filter{};
    std::vector<std::string> sources{};
    std::vector<std::string> subjects{};
    std::string since{};
    std::string until{};
    std::size_t limit = 100;
    bool json = false;
};

/// Errors: InvalidField naming the option when `text` is neither a position nor a time.
core::Result<void> check_place(std::string const& option, std::string const& text) {
    if (text.empty() || core::parse_time(text)) return {};
    auto const position = core::parse_position(text);
    if (position) return {};
    return core::fail(position.error().code, option + ": " + position.error().message + ", or a time as in RFC 3339");
}

int run(Options const& options) {
    for (auto const& [option, text] : {std::pair{"--since", &options.since}, {"--until", &options.until}}) {
        if (auto const checked = check_place(option, *text); !checked) return report(checked.error());
    }
    auto access = client_options(options.server);
    if (!access) return report(access.error());
    auto where = parse_where(options.filter.where);
    if (!where) return report(where.error());
    core::Filter filter{
        .types = options.filter.types,
        .sources = options.sources,
        .subjects = options.subjects,
        .where = *std::move(where)
    };
    client::EventQuery const query{
        .filter = std::move(filter), .since = options.since, .until = options.until, .limit = page_limit(options.limit)
    };
    client::Client client{*std::move(access)};
    bool const colours = colours_wanted();
    std::size_t left = options.limit;  // 0 wraps round: there is no end to it
    auto const print = [&](client::Event const& event) {
        std::cout << (options.json ? event.text
                                   : readable_line(event.type, event.data(), std::to_string(event.seq), colours))
                  << '\n';
        return std::cout && --left != 0;
    };
    auto const ended = client.stream_events(query, print, tell_gap);
    return ended ? Done : report(ended.error());
}

}  // namespace

void add_events(CLI::App& app, Action& chosen) {
    auto const options = std::make_shared<Options>();
    auto& command = add_command(app, chosen, "events", "Print events of the log, oldest first", options, run);
    add_filter_options(command, options->filter);
    command.add_option("--source", options->sources, "Only events from this source; * stands for anything")
        ->type_name("GLOB")
        ->take_all()
        ->expected(1);
    command.add_option("--subject", options->subjects, "Only events about this task or session")
        ->type_name("GLOB")
        ->take_all()
        ->expected(1);
    command.add_option("--since", options->since, "Begin after this position or time; default: the oldest event")
        ->type_name("POSITION");
    command.add_option("--until", options->until, "Stop at this position or time; default: the newest event")
        ->type_name("POSITION");
    command.add_option("--limit", options->limit, "Most events to print (default 100); 0: all")->type_name("N");
    command.add_flag("--json", options->json, "Print each event as one line of JSON");
    add_server_options(command, options->server);
    command.footer(
        "Examples:\n  macp events --type task.failed --limit 0\n  macp events --since 2026-03-31T09:00:00Z --json"
    );
}

}  // namespace macp::cli
