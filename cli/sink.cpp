#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/sink_server.hpp"
#include "cli/stop_signal.hpp"
#include "core/json.hpp"

#include <charconv>
#include <condition_variable>
#include <fstream>
#include <iostream>

namespace macp::cli {
namespace {

struct Options {
    std::string listen = "127.0.0.1:8080";
    std::string secret_file{};
    std::vector<std::string> failures{};
    std::string delay{};
    std::string retry_after{};
    std::uint64_t count = 0;
    bool json = false;
};

/// A number and what follows it.
std::optional<std::pair<double, std::string_view>> split_number(std::string_view text) {
    double value = 0;
    auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || value < 0) return std::nullopt;
    return std::pair{value, text.substr(static_cast<std::size_t>(stop - text.data()))};
}

/// `3`, `3s`, `200ms`, `2m`. Errors: InvalidField.
core::Result<std::chrono::milliseconds> parse_delay(std::string const& text) {
    constexpr std::array<std::pair<std::string_view, double>, 4> units{
        {{"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60'000}}
    };
    if (text.empty()) return std::chrono::milliseconds{0};
    auto const number = split_number(text);
    for (auto const& [unit, factor] : units) {
        if (!number || number->second != unit || number->first * factor > 3'600'000) continue;
        return std::chrono::milliseconds{static_cast<std::int64_t>(number->first * factor)};
    }
    return core::fail(
        core::ErrorCode::InvalidField, "--delay takes 3s, 200ms or 2m, up to an hour; got `" + text + '`'
    );
}

/// `500`, or `500:30%`. Errors: InvalidField.
core::Result<Misbehaviour> parse_failure(std::string const& text) {
    auto const colon = text.find(':');
    auto const status = split_number(std::string_view{text}.substr(0, colon));
    auto const share = colon == std::string::npos ? std::optional{std::pair{100.0, std::string_view{"%"}}}
                                                  : split_number(std::string_view{text}.substr(colon + 1));
    bool const known = status && status->second.empty() && status->first >= 200 && status->first <= 599;
    if (known && share && share->second == "%" && share->first <= 100) {
        return Misbehaviour{.status = static_cast<unsigned>(status->first), .share = share->first / 100};
    }
    return core::fail(
        core::ErrorCode::InvalidField,
        "--status takes 500 or 500:30%, with a status from 200 to 599; got `" + text + '`'
    );
}

core::Result<SinkOptions> sink_options(Options const& options) {
    SinkOptions wanted{.listen = options.listen, .retry_after = options.retry_after};
    auto const delay = parse_delay(options.delay);
    if (!delay) return core::pass_on(delay);
    wanted.delay = *delay;
    for (auto const& text : options.failures) {
        auto const failure = parse_failure(text);
        if (!failure) return core::pass_on(failure);
        wanted.failures.push_back(*failure);
    }
    if (options.secret_file.empty()) return wanted;
    std::ifstream file{options.secret_file};
    for (std::string line; std::getline(file, line);) {
        if (!core::trim(line).empty()) wanted.secrets.emplace_back(core::trim(line));
    }
    if (!wanted.secrets.empty()) return wanted;
    return core::fail(core::ErrorCode::NotFound, "cannot read a secret from " + options.secret_file);
}

/// Something to wait for, from several threads.
class Gate {
public:
    void open() {
        std::scoped_lock const lock{mutex_};
        open_ = true;
        changed_.notify_all();
    }
    void wait() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return open_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
};

/// Prints what comes in, as it comes.
class Printer {
public:
    Printer(Options const& options, Gate& enough)
        : json_{options.json}, colours_{colours_wanted()}, left_{options.count}, enough_{enough} {}

    void event(SinkEvent const& event, SinkTally::Arrival arrival) {
        auto const position = event.seq == 0 ? std::string{} : std::to_string(event.seq);
        std::cout << (json_ ? event.text : readable_line(event.type, event.data, position, colours_)) << '\n';
        if (!flush_output()) enough_.open();
        if (arrival == SinkTally::Arrival::Repeat) complain("event " + position + " was here before: a repeat");
        if (arrival == SinkTally::Arrival::Late) complain("event " + position + " comes late: a later one was here");
        if (left_ != 0 && --left_ == 0) enough_.open();
    }
    void refused(http::Request const& request, unsigned status, std::string const& why) const {
        auto const id = request.header("webhook-id").value_or("without webhook-id");
        complain("answered " + std::to_string(status) + " to " + std::string{id} + ": " + why);
    }

private:
    bool json_;
    bool colours_;
    std::uint64_t left_;
    Gate& enough_;
};

void tell(SinkTally const& tally) {
    complain(
        std::to_string(tally.events()) + " events, " + std::to_string(tally.repeats()) + " repeats, " +
        std::to_string(tally.late()) + " out of order"
    );
    for (auto const& gap : tally.gaps()) {
        complain("events " + std::to_string(gap.from) + " to " + std::to_string(gap.to) + " did not come");
    }
}

int run(Options const& options) {
    auto wanted = sink_options(options);
    if (!wanted) return report(wanted.error());
    Gate enough;
    StopSignal const stop{[&enough] { enough.open(); }};
    Printer printer{options, enough};
    SinkServer::Callbacks callbacks;
    callbacks.event = [&printer](auto const& event, auto arrival) { printer.event(event, arrival); };
    callbacks.refused = [&printer](auto const& request, unsigned status, auto const& why) {
        printer.refused(request, status, why);
    };
    auto sink = SinkServer::start(*std::move(wanted), std::move(callbacks));
    if (!sink) return report(sink.error());
    complain("takes webhooks at " + (*sink)->url());
    enough.wait();
    tell((*sink)->tally());
    return Done;
}

}  // namespace

void add_sink(CLI::App& app, Action& chosen) {
    auto const options = std::make_shared<Options>();
    auto& command = add_command(
        app, chosen, "sink", "Receive webhooks for a test: print events, check signatures, misbehave on demand",
        options, run
    );
    command.add_option("--listen", options->listen, "Address to listen on (default 127.0.0.1:8080)")
        ->type_name("ADDRESS");
    command
        .add_option(
            "--secret-file", options->secret_file,
            "File of secrets, one a line: requests that none of them has signed are answered 401"
        )
        ->type_name("FILE");
    command
        .add_option(
            "--status", options->failures,
            "Answer this status to so many of the requests, and take nothing of them; "
            "may be given again"
        )
        ->type_name("STATUS[:SHARE%]")
        ->take_all()
        ->expected(1);
    command.add_option("--delay", options->delay, "Wait before each answer: 3s, 200ms")->type_name("TIME");
    command.add_option("--retry-after", options->retry_after, "Ask for this wait with each such status")
        ->type_name("SECONDS");
    command.add_option("--count", options->count, "End after so many events")->type_name("N");
    command.add_flag("--json", options->json, "Print each event as one line of JSON");
    command.footer(
        "Repeats, and events that come after a later one, are told as they come; at the end what is missing between\n"
        "the first and the last. A target with a filter leaves gaps, too.\n"
        "Examples:\n"
        "  macp sink --listen 127.0.0.1:8080\n"
        "  macp sink --status 500:30% --delay 3s\n"
        "  macp sink --status 429 --retry-after 20"
    );
}

}  // namespace macp::cli
