#include "cli/manual.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

namespace macp::cli {
namespace {

struct Section {
    std::string_view title;
    std::string_view text;
};

/// What no option says; the same for the man page and the reference.
constexpr std::array<Section, 3> sections{{
    {"Exit status",
     "0: done. 1: the server refused, or it failed here: the disk is full, the output takes no more. 2: bad usage, "
     "configuration or files; nothing was sent. 3: no server answered."},
    {"Environment",
     "MACP_TOKEN: the bearer token. MACP_URL: address of the server. MACP_CONFIG: the configuration file. NO_COLOR: "
     "when set, no colours. Every configuration key has a variable of its own; `macp config --explain` names them."},
    {"Files",
     "./macp.toml, ~/.config/macp/macp.toml: the configuration. .mosaic/orchestrator/events.ndjson: the event lines "
     "that are followed. .mosaic/orchestrator/event_cursor.json: how far `macp watch` has read them. "
     ".mosaic/orchestrator/spool/: what hooks could not hand over, until the server takes it."},
}};

std::string usage_of(CommandDoc const& command) {
    std::string usage = "macp " + command.name + " [OPTIONS]";
    for (auto const& option : command.options) {
        if (option.positional) usage += " [" + option.names.front() + ']';
    }
    return usage;
}

std::string names_of(OptionDoc const& option) {
    std::string text;
    for (auto const& name : option.names) text += (text.empty() ? "" : ", ") + name;
    return option.positional || option.value.empty() ? text : text + ' ' + option.value;
}

std::string description_of(OptionDoc const& option) {
    auto text = option.description;
    for (std::size_t i = 0; i < option.choices.size(); ++i) text += (i == 0 ? ": " : ", ") + option.choices[i];
    return text;
}

constexpr std::array<std::pair<char, std::string_view>, 5> roff_escapes{
    {{'\\', "\\e"}, {'-', "\\-"}, {'\'', "\\(aq"}, {'~', "\\(ti"}, {'^', "\\(ha"}}
};

/// Text that roff takes for nothing but text.
std::string roff(std::string_view text) {
    std::string out;
    for (char const c : text) {
        bool const at_line_start = out.empty() || out.back() == '\n';
        if (at_line_start && (c == '.' || c == '\'')) out += "\\&";
        auto const* const special = std::ranges::find(roff_escapes, c, &std::pair<char, std::string_view>::first);
        if (special == roff_escapes.end()) {
            out += c;
        } else {
            out += special->second;
        }
    }
    return out;
}

/// A footer's lines: sentences as text, what is indented as it stands.
std::string roff_footer(std::string const& footer) {
    std::string out;
    std::istringstream lines{footer};
    bool verbatim = false;
    for (std::string line; std::getline(lines, line);) {
        bool const indented = line.starts_with("  ");
        if (indented != verbatim) out += indented ? ".PP\n.nf\n" : ".fi\n";
        if (!indented) out += ".PP\n";
        verbatim = indented;
        out += roff(line) + '\n';
    }
    return verbatim ? out + ".fi\n" : out;
}

std::string markdown_footer(std::string const& footer) {
    std::string out;
    std::istringstream lines{footer};
    bool verbatim = false;
    for (std::string line; std::getline(lines, line);) {
        bool const indented = line.starts_with("  ");
        if (indented != verbatim) out += indented ? "\n```sh\n" : "```\n";
        verbatim = indented;
        if (line != "Examples:") out += (indented ? line.substr(2) : '\n' + line) + '\n';
    }
    return verbatim ? out + "```\n" : out;
}

}  // namespace

std::string man_page(Manual const& manual) {
    std::string out = ".TH MACP 1 \"\" \"macp " MACP_VERSION_TEXT "\" \"User Commands\"\n.SH NAME\n";
    out += "macp \\- " + roff(manual.program.description) + "\n.SH SYNOPSIS\n.B macp\n.I COMMAND\n[\\fIOPTIONS\\fR]\n";
    out += ".SH COMMANDS\n";
    for (auto const& command : manual.commands) {
        out += ".SS " + roff(usage_of(command)) + '\n' + roff(command.description) + ".\n";
        for (auto const& option : command.options) {
            out += ".TP\n.B " + roff(names_of(option)) + '\n' + roff(description_of(option)) + ".\n";
        }
        out += roff_footer(command.footer);
    }
    for (auto const& [title, text] : sections) {
        std::string upper{title};
        for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        out += ".SH " + upper + '\n' + roff(text) + '\n';
    }
    return out;
}

std::string markdown_page(Manual const& manual) {
    std::string out =
        "# Command line\n\n<!-- Written by `macp man --markdown`; a test fails when the two differ. -->\n\n";
    out += manual.program.description + "\n\n`macp COMMAND [OPTIONS]`; every command has `--help`. ";
    out += "Completion: `source <(macp completion bash)`, likewise zsh and fish. Man page: `macp man | man -l -`.\n";
    for (auto const& command : manual.commands) {
        out += "\n## " + command.name + "\n\n" + command.description + ".\n\n`" + usage_of(command) +
               "`\n\n| option | meaning |\n| --- | --- |\n";
        for (auto const& option : command.options)
            out += "| `" + names_of(option) + "` | " + description_of(option) + " |\n";
        out += markdown_footer(command.footer);
    }
    for (auto const& [title, text] : sections) out += "\n## " + std::string{title} + "\n\n" + std::string{text} + '\n';
    return out;
}

}  // namespace macp::cli
