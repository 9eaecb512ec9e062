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
    std::vector<CommandDoc> commands{};
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
