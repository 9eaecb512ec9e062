#include "cli/app.hpp"
#include "cli/manual.hpp"
#include "program.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using macp::testing::Shell;
namespace cli = macp::cli;

namespace {

cli::Manual manual() {
    cli::Action unused;
    return cli::read_manual(*cli::make_app(unused));
}

/// What bash offers after `words`, the last of which is being typed.
std::string offers(Shell const& shell, std::string const& words) {
    auto const outcome = shell.run(
        "source <(macp completion bash)\nCOMP_WORDS=(macp " + words +
        ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_macp\necho \"${COMPREPLY[*]}\""
    );
    CHECK(outcome.err.empty());
    return ' ' + outcome.out.substr(0, outcome.out.find('\n')) + ' ';
}

}  // namespace

TEST_SUITE("completion") {
    TEST_CASE("offers commands, options, words and files in bash") {
        Shell const shell;
        shell.write("somewhere.toml", "");
        for (auto const* const word : {" serve ", " watch ", " tail ", " completion ", " man ", " --version "}) {
            CHECK(offers(shell, "''").find(word) != std::string::npos);
        }
        CHECK(offers(shell, "ta") == " tail ");
        CHECK(offers(shell, "tail --si") == " --since ");
        CHECK(offers(shell, "watch --on") == " --once ");
        CHECK(offers(shell, "completion z") == " zsh ");
        CHECK(offers(shell, "webhooks pa") == " pause ");
        CHECK(offers(shell, "webhooks replay --un") == " --until ");
        CHECK(offers(shell, "webhooks add --sec").find(" --secret-file ") != std::string::npos);
        CHECK(offers(shell, "serve --config some") == " somewhere.toml ");
        CHECK(offers(shell, "tail --since s") == "  ");
    }

    TEST_CASE("knows every command and option in every shell") {
        auto const all = manual();
        CHECK(all.commands.size() >= 8);
        for (auto const& text :
             {cli::bash_completion(all), cli::zsh_completion(all), cli::fish_completion(all), cli::man_page(all),
              cli::markdown_page(all)}) {
            for (auto const& command : all.commands) {
                CHECK(text.find(command.name) != std::string::npos);
                for (auto const& option : command.options) {
                    for (auto const& name : option.names) {
                        if (option.positional) continue;
                        CAPTURE(name);
                        auto const bare = name.substr(name.find_first_not_of('-'));
                        std::string dashed;
                        for (char const c : bare) dashed += (c == '-' ? "\\" : "") + std::string{c};
                        CHECK((text.find(bare) != std::string::npos || text.find(dashed) != std::string::npos));
                    }
                }
            }
        }
    }

    TEST_CASE("gives a man page without a complaint from groff") {
        Shell const shell;
        auto const outcome = shell.run(
            "macp man > page.1 && test -s page.1 && if command -v groff > /dev/null; then "
            "groff -man -ww -z -K utf8 page.1; fi"
        );
        CHECK(outcome.code == 0);
        CHECK(outcome.err.empty());
        CHECK(shell.run("macp man").out.starts_with(".TH MACP 1"));
    }

    TEST_CASE("is what docs/cli.md says") {
        bool const same =
            macp::testing::read_all(std::string{MACP_SOURCE_DIR} + "/docs/cli.md") == cli::markdown_page(manual());
        CHECK_MESSAGE(same, "run: macp man --markdown > docs/cli.md");
    }
}
