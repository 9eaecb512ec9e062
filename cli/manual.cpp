#include "cli/manual.hpp"

#include <algorithm>

namespace macp::cli {
namespace {

bool is_flag(CLI::Option const& option) {
    return option.get_type_size_max() == 0;
}

/// What stands in `{a,b}` of a set of choices.
std::vector<std::string> choices_of(CLI::Option const& option) {
    auto const name = option.get_type_name();
    auto const open = name.rfind('{');
    auto const close = name.rfind('}');
    std::vector<std::string> choices;
    if (open == std::string::npos || close == std::string::npos) return choices;
    return CLI::detail::split(name.substr(open + 1, close - open - 1), ',');
}

OptionDoc read_option(CLI::Option const& option) {
    OptionDoc doc;
    doc.description = option.get_description();
    doc.choices = choices_of(option);
    doc.positional = option.get_positional();
    auto const type = option.get_type_name();
    if (!is_flag(option)) doc.value = doc.choices.empty() ? type : "WORD";
    for (auto const& name : option.get_snames()) doc.names.push_back('-' + name);
    for (auto const& name : option.get_lnames()) doc.names.push_back("--" + name);
    if (doc.positional) doc.names = {doc.choices.empty() ? type : option.get_name(true)};
    return doc;
}

CommandDoc read_command(CLI::App const& app) {
    CommandDoc doc{
        .name = app.get_name(), .description = app.get_description(), .footer = app.get_footer(), .options = {}
    };
    for (bool const positional : {true, false}) {
        auto const wanted = [positional](CLI::Option const* one) {
            return !one->get_group().empty() && one->get_positional() == positional;
        };
        for (auto const* const option : app.get_options(wanted)) doc.options.push_back(read_option(*option));
    }
    return doc;
}

}  // namespace

Manual read_manual(CLI::App const& app) {
    Manual manual{.program = read_command(app)};
    auto const shown = [](CLI::App const* one) { return !one->get_group().empty(); };
    for (auto const* const command : app.get_subcommands(shown)) {
        auto const below = command->get_subcommands(shown);
        auto const prefix = below.empty() ? std::string{} : command->get_name() + ' ';
        (below.empty() ? manual.commands : manual.groups).push_back(read_command(*command));
        for (auto const* const inner : below) {
            manual.commands.push_back(read_command(*inner));
            manual.commands.back().name.insert(0, prefix);
        }
    }
    return manual;
}

std::vector<CommandDoc> Manual::top() const {
    auto all = groups;
    for (auto const& command : commands) {
        if (command.name.find(' ') == std::string::npos) all.push_back(command);
    }
    return all;
}

std::vector<CommandDoc> Manual::in(CommandDoc const& group) const {
    std::vector<CommandDoc> all;
    for (auto const& command : commands) {
        if (!command.name.starts_with(group.name + ' ')) continue;
        all.push_back(command);
        all.back().name.erase(0, group.name.size() + 1);
    }
    return all;
}

}  // namespace macp::cli
