#include "cli/manual.hpp"

#include <algorithm>
#include <iterator>

namespace macp::cli {
namespace {

void add_word(std::string& words, std::string const& word) {
    if (!words.empty()) words += ' ';
    words += word;
}

std::string names_of(std::vector<CommandDoc> const& commands) {
    std::string names;
    for (auto const& command : commands) add_word(names, command.name);
    return names;
}

/// `a|b`, as a pattern of a shell; something that no word is when there are none.
std::string any_of(std::vector<CommandDoc> const& commands) {
    std::string pattern;
    for (auto const& command : commands) pattern += (pattern.empty() ? "" : "|") + command.name;
    return pattern.empty() ? "''" : pattern;
}

/// Everything that may follow a command.
std::string words_of(CommandDoc const& command) {
    std::string words;
    for (auto const& option : command.options) {
        for (auto const& word : option.positional ? option.choices : option.names) add_word(words, word);
    }
    return words;
}

bool takes_path(OptionDoc const& option) {
    return option.value == "FILE" || option.value == "DIR" || option.value == "PATH";
}

/// Options whose value is (not) a path, as alternatives of a shell pattern.
std::string options_with_value(Manual const& manual, bool path) {
    std::vector<std::string> names;
    for (auto const& command : manual.commands) {
        for (auto const& option : command.options) {
            if (option.positional || option.value.empty() || takes_path(option) != path) continue;
            std::ranges::copy_if(option.names, std::back_inserter(names), [&](std::string const& name) {
                return std::ranges::find(names, name) == names.end();
            });
        }
    }
    std::string pattern;
    for (auto const& name : names) pattern.append(pattern.empty() ? "" : "|").append(name);
    return pattern;
}

/// For a text between single quotes of a shell.
std::string shell_quoted(std::string const& text) {
    std::string out = "'";
    for (char const c : text) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + '\'';
}

std::string zsh_argument(OptionDoc const& option, std::string const& name) {
    std::string spec = option.positional ? ":" + name : "*" + name + '[';
    if (!option.positional) {
        for (char const c : option.description) spec += (c == '[' || c == ']' || c == ':' ? "\\" : "") + std::string{c};
        spec += ']';
        if (option.value.empty()) return shell_quoted(spec);
        spec += ':' + option.value;
    }
    spec += ':';
    if (takes_path(option)) spec += "_files";
    if (!option.choices.empty()) {
        std::string words;
        for (auto const& choice : option.choices) add_word(words, choice);
        spec += '(' + words + ')';
    }
    return shell_quoted(spec);
}

/// What follows the names of an option, or what a positional argument may be.
std::string fish_value(OptionDoc const& option) {
    if (!option.positional && option.value.empty()) return {};
    if (!option.positional) return takes_path(option) ? " -r -F" : " -x";
    std::string words;
    for (auto const& choice : option.choices) add_word(words, choice);
    return words.empty() ? "" : " -a " + shell_quoted(words);
}

std::string fish_line(std::string const& when, OptionDoc const& option) {
    auto out = "complete -c macp -n " + shell_quoted(when);
    for (auto const& name : option.positional ? std::vector<std::string>{} : option.names) {
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    return out + fish_value(option) + " -d " + shell_quoted(option.description) + '\n';
}

}  // namespace

std::string bash_completion(Manual const& manual) {
    std::string out = R"(# bash completion for macp
_macp() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= words= i
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} != -* ]]; then
            command=${COMP_WORDS[i]}
            case $command in
                )" + any_of(manual.groups) +
                      R"()
                    ((i + 1 < COMP_CWORD)) && command+=" ${COMP_WORDS[i+1]}" ;;
            esac
            break
        fi
    done
    COMPREPLY=()
    case $previous in
        )" + options_with_value(manual, true) +
                      R"()
            COMPREPLY=($(compgen -f -- "$current"))
            return ;;
        )" + options_with_value(manual, false) +
                      R"()
            return ;;
    esac
    case $command in
        '') words=")" +
                      names_of(manual.top()) + ' ' + words_of(manual.program) + "\" ;;\n";
    for (auto const& group : manual.groups) {
        out += "        " + group.name + ") words=\"" + names_of(manual.in(group)) + "\" ;;\n";
    }
    for (auto const& command : manual.commands) {
        out += "        '" + command.name + "') words=\"" + words_of(command) + "\" ;;\n";
    }
    return out + R"(    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _macp macp
)";
}

std::string zsh_completion(Manual const& manual) {
    std::string out = "#compdef macp\n_macp() {\n    local -a commands\n    commands=(\n";
    for (auto const& command : manual.top()) {
        out += "        " + shell_quoted(command.name + ':' + command.description) + '\n';
    }
    out += "    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        _arguments";
    for (auto const& option : manual.program.options) {
        for (auto const& name : option.names) out += ' ' + zsh_argument(option, name);
    }
    out += "\n        return\n    fi\n    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n";
    for (auto const& group : manual.groups) {
        out += "    if [[ $command == " + group.name + " ]]; then\n        commands=(\n";
        for (auto const& command : manual.in(group)) {
            out += "            " + shell_quoted(command.name + ':' + command.description) + '\n';
        }
        out +=
            "        )\n        if (( CURRENT == 2 )); then\n            _describe command commands\n            "
            "return\n"
            "        fi\n        command=\"$command $words[2]\"\n        shift words\n        (( CURRENT-- ))\n    "
            "fi\n";
    }
    out += "    case $command in\n";
    for (auto const& command : manual.commands) {
        out += "        '" + command.name + "') _arguments";
        for (auto const& option : command.options) {
            for (auto const& name : option.names) out += " \\\n            " + zsh_argument(option, name);
        }
        out += " ;;\n";
    }
    return out +
           "    esac\n}\nif [[ $zsh_eval_context[-1] == loadautofunc ]]; then _macp \"$@\"; else compdef _macp macp; "
           "fi\n";
}

std::string fish_completion(Manual const& manual) {
    std::string out = "# fish completion for macp\ncomplete -c macp -f\n";
    for (auto const& command : manual.top()) {
        out += "complete -c macp -n __fish_use_subcommand -a " + command.name + " -d " +
               shell_quoted(command.description) + '\n';
    }
    for (auto const& option : manual.program.options) out += fish_line("__fish_use_subcommand", option);
    for (auto const& group : manual.groups) {
        auto const inner = manual.in(group);
        auto const when =
            "__fish_seen_subcommand_from " + group.name + "; and not __fish_seen_subcommand_from " + names_of(inner);
        for (auto const& command : inner) {
            out += "complete -c macp -n " + shell_quoted(when) + " -a " + command.name + " -d " +
                   shell_quoted(command.description) + '\n';
        }
    }
    for (auto const& command : manual.commands) {
        auto const space = command.name.find(' ');
        auto when = "__fish_seen_subcommand_from " + command.name.substr(0, space);
        if (space != std::string::npos) when += "; and __fish_seen_subcommand_from " + command.name.substr(space + 1);
        for (auto const& option : command.options) out += fish_line(when, option);
    }
    return out;
}

}  // namespace macp::cli
