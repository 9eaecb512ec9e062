#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/stop_signal.hpp"
#include "cli/watch_webhook.hpp"
#include "core/config_load.hpp"
#include "ingest/file_follower.hpp"

#include <condition_variable>
#include <iostream>
#include <mutex>

namespace macp::cli {
namespace {

struct Options {
    std::string file{};
    std::string root{};
    std::vector<std::string> events{};
    std::vector<std::string> types{};
    bool once = false;
    bool json = false;
    bool webhook = false;
    bool force = false;
};

/// A pause that a signal can end.
class Pause {
public:
    void stop() {
        std::scoped_lock const lock{mutex_};
        stopped_ = true;
        changed_.notify_all();
    }
    /// True when it was stopped.
    bool wait(std::chrono::duration<double> time) {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, time, [this] { return stopped_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopped_ = false;
};

void print(ingest::FileFollower::Seen const& seen, bool json, bool colours) {
    if (json) {
        std::cout << seen.line << '\n';
    } else {
        std::cout << readable_line(seen.event.type, seen.event.data, "", colours) << '\n';
    }
}

int watch(core::Config const& config, Options const& options, WatchWebhook* webhook) {
    Pause pause;
    StopSignal const stop{[&pause] { pause.stop(); }};
    core::SystemClock const clock;
    ingest::FollowerOptions wanted;
    wanted.root = config.root;
    wanted.files = options.events.empty() ? config.watch.events : options.events;
    wanted.max_line_bytes = config.watch.max_line_bytes;
    ingest::FileFollower follower{clock, std::move(wanted)};
    bool const colours = colours_wanted();
    follower.on(options.types, [&](auto const& seen) { print(seen, options.json, colours); });
    if (webhook != nullptr) {
        follower.on({}, [webhook](auto const& seen) { webhook->send(seen.event); });
    }
    follower.before_save(flush_output);  // lines that nobody got are printed again by the next run
    for (bool stopped = false; !stopped;) {
        if (auto const seen = follower.poll_once(); !seen) return report_local(seen.error());
        if (auto const written = flush_output(); !written) return report_local(written.error());
        stopped = options.once || pause.wait(std::chrono::duration<double>{config.watch.poll_interval_seconds});
    }
    return Done;
}

int run(Options const& options) {
    auto sources = core::process_sources(options.file);
    if (!options.root.empty()) sources.options.push_back({"--root", "root", options.root});
    auto const loaded = core::load_config(std::move(sources));
    if (!loaded) return report(loaded.error());
    for (auto const& warning : loaded->warnings) complain("warning: " + warning);
    if (auto const there = core::check_root(*loaded); !there) return report(there.error());
    if (!options.webhook) return watch(loaded->config, options, nullptr);
    auto const webhook = WatchWebhook::make(loaded->config, options.force);
    if (!webhook) return report(webhook.error());
    return watch(loaded->config, options, webhook->get());
}

}  // namespace

void add_watch(CLI::App& app, Action& chosen) {
    auto const options = std::make_shared<Options>();
    auto& command = add_command(
        app, chosen, "watch", "Print new event lines of the watched files, without a server, until interrupted",
        options, run
    );
    command.add_flag("--once", options->once, "Print what is new and exit");
    auto* const webhook = command.add_flag(
        "--webhook", options->webhook, "Post them, too, to the webhook of .mosaic/orchestrator/config.json"
    );
    command.add_flag("--force", options->force, "With --webhook: even while a server of this workspace delivers to it")
        ->needs(webhook);
    command.add_option("--type", options->types, "Only events of this type; * stands for anything; may be given again")
        ->type_name("GLOB")
        ->take_all()
        ->expected(1);
    command.add_flag("--json", options->json, "Print the lines as they stand in the file");
    command.add_option("--root", options->root, "The workspace, instead of the configuration's")->type_name("DIR");
    command
        .add_option(
            "--events", options->events, "File or glob to follow, instead of `watch.events`; may be given again"
        )
        ->type_name("PATH")
        ->take_all()
        ->expected(1);
    command.add_option("--config", options->file, "Configuration file; else the usual search")->type_name("FILE");
    command.footer(
        "How far it has read is kept in .mosaic/orchestrator/event_cursor.json: a second run prints only what is new.\n"
        "Of several runs at once all print, and the first keeps the place; the others say that theirs is not kept.\n"
        "Examples:\n"
        "  macp watch\n"
        "  macp watch --once --type task.failed --json\n"
        "  macp watch --webhook"
    );
}

}  // namespace macp::cli
