#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace macp::cli {

/// An option or a positional argument, as documentation has it.
struct OptionDoc {
    std::vector<std::string> names{};  ///< `--type`, `-h`; of a positional its name in capitals.
    std::string value{};               ///< What it takes: `FILE`; empty: a flag.
    std::string description{};
    std::vector<std::string> choices{};  ///< Not empty: one of these.
    bool positional = false;
};

struct CommandDoc {
    std::string name{};
    std::string description{};
    std::string footer{};
    std::vector<OptionDoc> options{};
};

/// What the parser knows, read out once: completion, man page and reference are all written from it.
struct Manual {
    CommandDoc program{};
    std::vector<CommandDoc> groups{};    ///< Those that only have commands below them.
    std::vector<CommandDoc> commands{};  ///< The name of one in a group begins with the group's, `webhooks list`.

    /// Those that stand alone, and the groups, as they are listed.
    [[nodiscard]] std::vector<CommandDoc> top() const;
    [[nodiscard]] std::vector<CommandDoc> in(CommandDoc const& group) const;
};
[[nodiscard]] Manual read_manual(CLI::App const& app);

[[nodiscard]] std::string bash_completion(Manual const& manual);
[[nodiscard]] std::string zsh_completion(Manual const& manual);
[[nodiscard]] std::string fish_completion(Manual const& manual);

/// The man page, section 1.
[[nodiscard]] std::string man_page(Manual const& manual);
/// The same as Markdown: `docs/cli.md` is this text.
[[nodiscard]] std::string markdown_page(Manual const& manual);

}  // namespace macp::cli
