#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/server_options.hpp"
#include "cli/table.hpp"
#include "core/json.hpp"
#include "delivery/printable.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <map>

namespace macp::cli {
namespace {

struct Options {
    ServerOptions server{};
    bool json = false;
    bool ready = false;
};

using Json = nlohmann::json;

bool is_list_of_objects(Json const& value) {
    return value.is_array() && !value.empty() &&
           std::ranges::all_of(value, [](Json const& item) { return item.is_object(); });
}

/// Every plain value with its name, members of objects under theirs, joined by dots. Lists of objects go to `lists`.
void gather(Json const& value, std::string const& name, std::vector<Row>& rows, std::map<std::string, Json>& lists) {
    if (is_list_of_objects(value)) {
        lists.emplace(name, value);
    } else if (value.is_object()) {
        auto const prefix = name.empty() ? name : name + '.';
        for (auto const& [key, inner] : value.items()) gather(inner, prefix + key, rows, lists);
    } else {
        rows.push_back({delivery::printable(name), text_of(value)});
    }
}

/// One line an object, with the names of the first one's members above; `path` comes first.
void print_list(std::string const& name, Json const& list) {
    Row head;
    for (auto const& [key, value] : list.front().items()) head.insert(key == "path" ? head.begin() : head.end(), key);
    std::vector<Row> rows{head};
    for (auto const& item : list) {
        auto& row = rows.emplace_back();
        for (auto const& key : head) row.push_back(text_of(item.value(key, Json{})));
    }
    std::cout << '\n' << delivery::printable(name) << '\n';
    print_rows(rows);
}

void print_tables(std::string const& url, Json const& status) {
    std::vector<Row> rows{{"url", delivery::printable(url)}};
    std::map<std::string, Json> lists;
    gather(status, "", rows, lists);
    print_rows(rows);
    for (auto const& [name, list] : lists) print_list(name, list);
}

int run(Options const& options) {
    auto access = client_options(options.server);
    if (!access) return report(access.error());
    auto const url = access->url;
    client::Client client{*std::move(access)};
    auto const status = options.ready ? client.ready() : client.status();
    if (!status) return report(status.error());
    if (options.json) {
        std::cout << core::dump_json(*status) << '\n';
    } else {
        print_tables(url, *status);
    }
    return Done;
}

}  // namespace

void add_status(CLI::App& app, Action& chosen) {
    auto const options = std::make_shared<Options>();
    auto& command = add_command(app, chosen, "status", "Print how the server is doing", options, run);
    command.add_flag("--json", options->json, "Print the answer as one line of JSON");
    command.add_flag(
        "--ready", options->ready, "Ask only whether it is ready: that needs no token; else it ends with 1"
    );
    add_server_options(command, options->server);
    command.footer("Examples:\n  macp status\n  macp status --json --url http://127.0.0.1:25294\n  macp status --ready"
    );
}

}  // namespace macp::cli
