#include "cli/output.hpp"
#include "cli/table.hpp"
#include "cli/webhooks.hpp"

#include <nlohmann/json.hpp>

#include <iostream>

namespace macp::cli {
namespace {

using Json = nlohmann::json;

struct ReplayOptions : WebhookOptions {
    std::string since{};
    std::string until{};
    std::vector<std::string> types{};
};

struct LetterOptions : WebhookOptions {
    std::vector<std::uint64_t> ids{};
    bool all = false;
    bool redeliver = false;
    bool discard = false;
    std::size_t limit = 0;
};

int test(WebhookOptions const& options) {
    bool delivered = false;
    auto const ask = [&](client::Client& client) {
        auto answer = client.test_webhook(options.id);
        delivered = answer && (*answer)["outcome"] == "delivered";
        return answer;
    };
    auto const code = ask_webhooks(options, ask, [](Json const& answer) {
        std::cout << text_of(answer["outcome"]) << ": status " << text_of(answer["status"]) << " after "
                  << text_of(answer["took_ms"]) << " ms\n";
        for (auto const* const name : {"error", "answer"}) {
            if (!answer[name].is_null()) std::cout << name << ": " << text_of(answer[name]) << '\n';
        }
    });
    return code == Done && !delivered ? Refused : code;
}

int pause(WebhookOptions const& options) {
    auto const ask = [&options](client::Client& client) { return client.pause_webhook(options.id); };
    return ask_webhooks(options, ask, [](Json const& done) { std::cout << "paused " << text_of(done["id"]) << '\n'; });
}

int resume(WebhookOptions const& options) {
    auto const ask = [&options](client::Client& client) { return client.resume_webhook(options.id); };
    return ask_webhooks(options, ask, [](Json const& done) { std::cout << "resumed " << text_of(done["id"]) << '\n'; });
}

int replay(ReplayOptions const& options) {
    Json stretch{{"since", options.since}};
    if (!options.until.empty()) stretch["until"] = options.until;
    if (!options.types.empty()) stretch["types"] = options.types;
    auto const ask = [&](client::Client& client) { return client.replay_webhook(options.id, stretch); };
    return ask_webhooks(options, ask, [](Json const& done) {
        std::cout << "replays what lies after " << text_of(done["since"]) << ", up to " << text_of(done["until"])
                  << '\n';
        if (done.contains("gap")) std::cout << "no longer kept: " << text_of(done["gap"]) << '\n';
    });
}

int dead_letters(LetterOptions const& options) {
    bool const acts = options.redeliver || options.discard;
    bool const chosen = options.all || !options.ids.empty();
    if (acts != chosen) {
        complain(acts ? "say which: --letter N or --all" : "say what to do with them: --redeliver or --discard");
        return BadUsage;
    }
    if (!acts) {
        auto const ask = [&](client::Client& client) { return client.dead_letters(options.id, options.limit); };
        return ask_webhooks(options, ask, [](Json const& page) {
            print_columns(page["items"], {"id", "type", "reason", "attempts", "status", "died", "error"});
            if (page["next_cursor"].is_string()) complain("there are more");
        });
    }
    auto const choice = options.all ? Json{{"all", true}} : Json{{"ids", options.ids}};
    auto const ask = [&](client::Client& client) {
        return options.redeliver ? client.redeliver(options.id, choice) : client.discard(options.id, choice);
    };
    return ask_webhooks(options, ask, [&](Json const& done) {
        auto const* const member = options.redeliver ? "redelivering" : "discarded";
        std::cout << member << ' ' << text_of(done[member]) << '\n';
    });
}

template <class Options>
std::shared_ptr<Options> add_control(
    CLI::App& group, Action& chosen, char const* name, char const* description, int (*run)(Options const&)
) {
    auto const options = std::make_shared<Options>();
    add_webhook_options(add_command(group, chosen, name, description, options, run), *options);
    return options;
}

}  // namespace

void add_webhook_control(CLI::App& group, Action& chosen) {
    add_control<WebhookOptions>(
        group, chosen, "test", "Send one event of type macp.test, now; ends with 1 when it is not taken", test
    );
    add_control<WebhookOptions>(group, chosen, "pause", "Send a target nothing until it is resumed", pause);
    add_control<WebhookOptions>(
        group, chosen, "resume", "Go on after a pause, or with a target that was disabled", resume
    );

    auto const stretch = add_control<ReplayOptions>(
        group, chosen, "replay", "Deliver a stretch of the log again, before the target goes on", replay
    );
    auto& replay_command = *group.get_subcommand("replay");
    replay_command.add_option("--since", stretch->since, "Begin after this position, or at this time")
        ->type_name("POSITION")
        ->required();
    replay_command.add_option("--until", stretch->until, "Stop at this position or time; default: now")
        ->type_name("POSITION");
    replay_command.add_option("--type", stretch->types, "Only events of this type; may be given again")
        ->type_name("GLOB")
        ->take_all()
        ->expected(1);

    auto const letters = add_control<LetterOptions>(
        group, chosen, "dead-letters", "List what a target will not get, deliver it again, or forget it", dead_letters
    );
    auto& letter_command = *group.get_subcommand("dead-letters");
    letter_command.add_option("--limit", letters->limit, "Most to list, up to 1000 (default 100)")->type_name("N");
    auto* const redeliver = letter_command.add_flag("--redeliver", letters->redeliver, "Deliver them again");
    letter_command.add_flag("--discard", letters->discard, "Forget them")->excludes(redeliver);
    auto* const all = letter_command.add_flag("--all", letters->all, "All of them");
    letter_command.add_option("--letter", letters->ids, "This one, by its id; may be given again")
        ->type_name("N")
        ->take_all()
        ->expected(1)
        ->excludes(all);
}

}  // namespace macp::cli
