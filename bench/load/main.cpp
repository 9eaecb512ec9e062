// bench_load: the one load client for every server that we compare. Prints one JSON object.
#include "bench/load/fanout.hpp"
#include "bench/load/http_load.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <exception>
#include <iostream>

namespace {

using namespace macp;

struct Arguments {
    std::string target = "127.0.0.1:25294";
    std::string publish_target{};
    std::vector<std::size_t> steps{1000};
    bench::FanoutOptions fanout{};
    bench::HttpLoadOptions http{};
};

void add_subscription(CLI::App& command, Arguments& to) {
    auto& subscription = to.fanout.subscription;
    command.add_option("--target", to.target, "host:port of the server");
    command.add_option("--path", subscription.path, "Path of the WebSocket");
    command.add_option("--protocol", subscription.protocol, "Sub-protocol to ask for");
    command.add_flag("--lines", subscription.lines, "A frame holds several messages, one a line");
    command.add_flag("--hello", subscription.greeting, "The server greets each subscriber");
}

CLI::App* add_fanout(CLI::App& app, Arguments& to) {
    auto* const command = app.add_subcommand("fanout", "Publish events and check that all subscribers get them");
    auto& fanout = to.fanout;
    add_subscription(*command, to);
    command->add_option("--publish-target", to.publish_target, "host:port to post to (default: the target)");
    command->add_option("--publish-path", fanout.publish_path, "Path to post to; none: only listen for --expect");
    command->add_option("--publishers", fanout.publishers, "Connections that post");
    command->add_option("--subscribers", fanout.subscribers, "WebSocket connections");
    command->add_option("--line-bytes", fanout.line_bytes, "Size of an event line");
    command->add_option("--burst", fanout.burst, "Events in a post");
    command->add_option("--window", fanout.window, "Bursts on their way at once");
    command->add_option("--rate", fanout.rate, "Posts a second instead of a window");
    command->add_option("--warmup", fanout.warmup_seconds, "Seconds before measuring");
    command->add_option("--seconds", fanout.seconds, "Seconds to measure");
    command->add_option("--guard", fanout.guard_seconds, "Seconds after which the run fails");
    command->add_option("--latency-every", fanout.latency_every, "Measure one event in so many");
    command->add_option("--expect", fanout.expect, "Events to wait for when only listening");
    command->add_option("--slow", fanout.slow, "Further subscribers that read slowly");
    command->add_option("--slow-rate", fanout.slow_bytes_per_second, "Bytes a second that they read; 0: none");
    command->add_flag("--drain-slow", fanout.drain_slow, "In the end let them read on and check what they got");
    command->add_option("--pid", fanout.server_pids, "Processes of the server, for its CPU time")->delimiter(',');
    return command;
}

CLI::App* add_http(CLI::App& app, Arguments& to) {
    auto* const command = app.add_subcommand("http", "Send HTTP requests over keep-alive connections");
    auto& http = to.http;
    command->add_option("--target", to.target, "host:port of the server");
    command->add_option("--path", http.path, "Path of the requests");
    command->add_option("--connections", http.connections, "Connections");
    command->add_option("--pipeline", http.pipeline, "Requests in flight on a connection");
    command->add_option("--post-lines", http.post_lines, "Post so many event lines each; 0: GET");
    command->add_option("--line-bytes", http.line_bytes, "Size of an event line");
    command->add_option("--rate", http.rate, "Requests a second; 0: as fast as answered");
    command->add_option("--warmup", http.warmup_seconds, "Seconds before measuring");
    command->add_option("--seconds", http.seconds, "Seconds to measure");
    command->add_option("--pid", http.server_pids, "Processes of the server, for its CPU time")->delimiter(',');
    return command;
}

CLI::App* add_idle(CLI::App& app, Arguments& to) {
    auto* const command = app.add_subcommand("idle", "Hold idle subscribers; a line on stdin opens the next step");
    add_subscription(*command, to);
    command->add_option("--steps", to.steps, "How many to have open, step by step")->delimiter(',');
    return command;
}

int print(nlohmann::ordered_json const& report) {
    std::cout << report.dump() << '\n';
    return report.value("ok", true) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App app{"Load client of the macp benchmarks"};
    app.require_subcommand(1);
    auto const* const fanout = add_fanout(app, arguments);
    auto const* const http = add_http(app, arguments);
    add_idle(app, arguments);
    CLI11_PARSE(app, argc, argv);
    try {
        bench::raise_file_limit();
        auto const target = bench::parse_address(arguments.target);
        arguments.fanout.subscription.address = arguments.http.address = target;
        auto const& publish = arguments.publish_target;
        arguments.fanout.publish = publish.empty() ? target : bench::parse_address(publish);
        if (fanout->parsed()) return print(bench::run_fanout(arguments.fanout));
        if (http->parsed()) return print(bench::run_http_load(arguments.http));
        bench::hold_idle(arguments.fanout.subscription, arguments.steps);
        return 0;
    } catch (std::exception const& error) {
        std::cout << nlohmann::ordered_json{{"ok", false}, {"error", error.what()}}.dump() << '\n';
        return 1;
    }
}
