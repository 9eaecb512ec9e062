#include "cli/webhooks.hpp"

#include "cli/output.hpp"
#include "cli/table.hpp"
#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iostream>

namespace macp::cli {
namespace {

using Json = nlohmann::json;

struct AddOptions : WebhookOptions {
    FilterOptions filter{};
    std::string url{};
    std::string format{};
    std::string ordering{};
    std::string since{};
    std::string secret_env{};
    std::string secret_file{};
    std::vector<std::string> headers{};
    double timeout_seconds = 0;
    double rate_per_second = 0;
};

struct ListOptions : WebhookOptions {
    std::size_t limit = 0;
};

/// Every page of a list, as one.
core::Result<Json> all_pages(std::function<core::Result<Json>(std::string const& cursor)> const& ask) {
    Json all{{"items", Json::array()}};
    for (std::string cursor;;) {
        auto page = ask(cursor);
        if (!page) return page;
        for (auto& item : (*page)["items"]) all["items"].push_back(std::move(item));
        auto const& next = (*page)["next_cursor"];
        if (!next.is_string()) return all;
        cursor = next.get<std::string>();
    }
}

int list(WebhookOptions const& options) {
    auto const ask = [](client::Client& client) {
        return all_pages([&client](auto const& cursor) { return client.webhooks(0, cursor); });
    };
    return ask_webhooks(options, ask, [](Json const& page) {
        print_columns(
            page["items"], {"id", "name", "status.state", "status.breaker", "status.lag", "status.dead_letters",
                            "status.next_try", "url"}
        );
    });
}

int show(WebhookOptions const& options) {
    auto const ask = [&options](client::Client& client) { return client.webhook(options.id); };
    return ask_webhooks(options, ask, [](Json const& target) {
        std::vector<Row> rows;
        for (auto const& [name, value] : target.items()) {
            if (name != "status") rows.push_back({name, text_of(value)});
        }
        for (auto const& [name, value] : target["status"].items()) rows.push_back({"status." + name, text_of(value)});
        print_rows(rows);
    });
}

/// The secrets of a file, a line each. Errors: NotFound.
core::Result<Json> read_secrets(std::string const& path) {
    std::ifstream file{path};
    if (!file) return core::fail(core::ErrorCode::NotFound, "cannot read " + path);
    Json secrets = Json::array();
    for (std::string line; std::getline(file, line);) {
        if (!core::trim(line).empty()) secrets.push_back(core::trim(line));
    }
    return secrets;
}

core::Result<Json> headers_of(std::vector<std::string> const& lines) {
    Json headers = Json::object();
    for (auto const& line : lines) {
        auto const colon = line.find(':');
        if (colon == std::string::npos || colon == 0) {
            return core::fail(core::ErrorCode::InvalidField, "--header takes `NAME: VALUE`");
        }
        headers[line.substr(0, colon)] = core::trim(std::string_view{line}.substr(colon + 1));
    }
    return headers;
}

core::Result<Json> body_of(AddOptions const& options) {
    Json body{{"name", options.id}, {"url", options.url}};
    auto const where = parse_where(options.filter.where);
    if (!where) return core::pass_on(where);
    auto const headers = headers_of(options.headers);
    if (!headers) return core::pass_on(headers);
    if (!options.filter.types.empty()) body["types"] = options.filter.types;
    for (auto const& [field, glob] : *where) body["where"][field] = glob;
    if (!headers->empty()) body["headers"] = *headers;
    for (auto const& [name, text] :
         {std::pair{"format", &options.format},
          {"ordering", &options.ordering},
          {"since", &options.since},
          {"secret_env", &options.secret_env}}) {
        if (!text->empty()) body[name] = *text;
    }
    if (options.timeout_seconds != 0) body["timeout_seconds"] = options.timeout_seconds;
    if (options.rate_per_second != 0) body["rate_per_second"] = options.rate_per_second;
    if (options.secret_file.empty()) return body;
    auto secrets = read_secrets(options.secret_file);
    if (!secrets) return secrets;
    body["secrets"] = *std::move(secrets);
    return body;
}

int add(AddOptions const& options) {
    auto const body = body_of(options);
    if (!body) return report(body.error());
    auto const ask = [&body](client::Client& client) { return client.create_webhook(*body); };
    return ask_webhooks(options, ask, [](Json const& made) { std::cout << text_of(made["id"]) << '\n'; });
}

int remove(WebhookOptions const& options) {
    auto const ask = [&options](client::Client& client) { return client.delete_webhook(options.id); };
    return ask_webhooks(options, ask, [](Json const& gone) { std::cout << "deleted " << text_of(gone["id"]) << '\n'; });
}

int deliveries(ListOptions const& options) {
    auto const ask = [&options](client::Client& client) {
        return client.webhook_deliveries(options.id, options.limit);
    };
    return ask_webhooks(options, ask, [](Json const& page) {
        print_columns(page["items"], {"time", "seq", "number", "outcome", "status", "took_ms", "error"});
    });
}

void add_add(CLI::App& group, Action& chosen) {
    auto const options = std::make_shared<AddOptions>();
    auto& command = add_command(group, chosen, "add", "Have events delivered to a URL; prints its id", options, add);
    command.add_option("name", options->id, "What it is called; unique")->type_name("NAME")->required();
    command.add_option("target", options->url, "Where to: http or https")->type_name("TARGET")->required();
    add_filter_options(command, options->filter);
    command.add_option("--format", options->format, "How events look in a request")
        ->check(CLI::IsMember({"cloudevents", "binary", "raw", "batch"}));
    command.add_option("--ordering", options->ordering, "What waits for what")
        ->check(CLI::IsMember({"target", "subject", "none"}));
    command.add_option("--since", options->since, "Begin after this position; default: now")->type_name("POSITION");
    command.add_option("--secret-env", options->secret_env, "Variable of the server that holds the signing secrets")
        ->type_name("NAME");
    command.add_option("--secret-file", options->secret_file, "File of signing secrets, one a line")->type_name("FILE");
    command.add_option("--header", options->headers, "One more header of each request; may be given again")
        ->type_name("'NAME: VALUE'")
        ->take_all()
        ->expected(1);
    command.add_option("--timeout", options->timeout_seconds, "Longest that one try may take")->type_name("SECONDS");
    command.add_option("--rate", options->rate_per_second, "Most requests a second")->type_name("N");
    command.add_flag("--json", options->json, "Print the answer as one line of JSON");
    add_server_options(command, options->server);
    command.footer("Examples:\n  macp webhooks add oc http://127.0.0.1:8080/macp/events --type 'task.*'");
}

}  // namespace

void add_webhook_options(CLI::App& command, WebhookOptions& options) {
    command.add_option("id", options.id, "The target's id; of one of the configuration its name")
        ->type_name("ID")
        ->required();
    command.add_flag("--json", options.json, "Print the answer as one line of JSON");
    add_server_options(command, options.server);
}

int ask_webhooks(
    WebhookOptions const& options, std::function<core::Result<Json>(client::Client&)> const& ask,
    std::function<void(Json const&)> const& print
) {
    auto access = client_options(options.server);
    if (!access) return report(access.error());
    client::Client client{*std::move(access)};
    auto const answer = ask(client);
    if (!answer) return report(answer.error());
    if (options.json) {
        std::cout << core::dump_json(*answer) << '\n';
    } else {
        print(*answer);
    }
    return Done;
}

void add_webhooks(CLI::App& app, Action& chosen) {
    auto* const group = app.add_subcommand("webhooks", "List, make and steer webhook targets");
    group->require_subcommand(1);

    auto const listed = std::make_shared<WebhookOptions>();
    auto& list_command = add_command(*group, chosen, "list", "List the targets and how they fare", listed, list);
    list_command.add_flag("--json", listed->json, "Print the answer as one line of JSON");
    add_server_options(list_command, listed->server);

    auto const shown = std::make_shared<WebhookOptions>();
    add_webhook_options(
        add_command(*group, chosen, "show", "Print all there is to know of a target", shown, show), *shown
    );
    add_add(*group, chosen);
    auto const gone = std::make_shared<WebhookOptions>();
    add_webhook_options(
        add_command(*group, chosen, "delete", "Forget a target, with its place in the log", gone, remove), *gone
    );
    auto const tried = std::make_shared<ListOptions>();
    auto& tries =
        add_command(*group, chosen, "deliveries", "List the tries of a target, newest first", tried, deliveries);
    tries.add_option("--limit", tried->limit, "Most tries to print, up to 1000 (default 100)")->type_name("N");
    add_webhook_options(tries, *tried);
    add_webhook_control(*group, chosen);
}

}  // namespace macp::cli
