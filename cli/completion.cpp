#include "cli/app.hpp"
#include "cli/manual.hpp"

#include <iostream>

namespace macp::cli {
namespace {

struct CompletionOptions {
    std::string shell{};
};

struct ManOptions {
    bool markdown = false;
};

/// Read from a parser of its own: the one in use belongs to `run`.
Manual own_manual() {
    Action unused;
    return read_manual(*make_app(unused));
}

int print_completion(CompletionOptions const& options) {
    auto const manual = own_manual();
    std::cout
        << (options.shell == "bash"  ? bash_completion(manual)
            : options.shell == "zsh" ? zsh_completion(manual)
                                     : fish_completion(manual));
    return Done;
}

int print_man(ManOptions const& options) {
    auto const manual = own_manual();
    std::cout << (options.markdown ? markdown_page(manual) : man_page(manual));
    return Done;
}

}  // namespace

void add_completion(CLI::App& app, Action& chosen) {
    auto const options = std::make_shared<CompletionOptions>();
    auto& command =
        add_command(app, chosen, "completion", "Print the completion script of a shell", options, print_completion);
    command.add_option("shell", options->shell, "The shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
    command.footer(
        "Examples:\n  source <(macp completion bash)\n  macp completion zsh > ~/.zfunc/_macp\n  macp completion fish > "
        "~/.config/fish/completions/macp.fish"
    );
}

void add_man(CLI::App& app, Action& chosen) {
    auto const options = std::make_shared<ManOptions>();
    auto& command = add_command(app, chosen, "man", "Print the man page", options, print_man);
    command.add_flag("--markdown", options->markdown, "Print it as Markdown");
    command.footer("Examples:\n  macp man | man -l -\n  macp man --markdown > cli.md");
}

}  // namespace macp::cli
