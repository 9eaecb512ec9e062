#include "core/config_text.hpp"
#include "program.hpp"

#include <doctest/doctest.h>

using macp::testing::Shell;

TEST_SUITE("command line") {
    TEST_CASE("helps with every command, with examples") {
        Shell const shell;
        CHECK(shell.run("macp --version").out == "macp " MACP_VERSION_TEXT "\n");
        for (std::string const command :
             {"", "serve", "watch", "tail", "events", "emit", "status", "config", "completion"}) {
            CAPTURE(command);
            auto const help = shell.run("macp " + command + " --help");
            CHECK(help.code == 0);
            CHECK(help.out.find("Examples:") != std::string::npos);
            CHECK(help.err.empty());
        }
    }

    TEST_CASE("ends with 2 when it is not understood, and says why") {
        Shell const shell;
        for (std::string const line :
             {"macp", "macp nonsense", "macp tail --nonsense", "macp events --limit many", "macp config",
              "macp config --check --explain", "macp completion tcsh", "macp completion", "macp tail --where novalue",
              "macp status --url ftp://x", "macp emit x --key", "macp status --token-file nowhere",
              "macp status --config nowhere.toml"}) {
            CAPTURE(line);
            auto const outcome = shell.run(line);
            CHECK(outcome.code == 2);
            CHECK(outcome.out.empty());
            CHECK_FALSE(outcome.err.empty());
        }
        CHECK(shell.run("macp nonsense").err.find("nonsense") != std::string::npos);
    }

    TEST_CASE("takes no token file that others may read") {
        Shell const shell;
        shell.write("token", "secret\n");
        auto const outcome = shell.run("chmod 644 token; macp status --token-file token");
        CHECK(outcome.code == 2);
        CHECK(outcome.err.find("chmod 600") != std::string::npos);
    }
}

TEST_SUITE("config command") {
    TEST_CASE("checks: all mistakes at once, with 2, before serving too") {
        Shell const shell;
        shell.write("macp.toml", "listn = 1\n[watch]\npoll_interval_seconds = 0\n");
        for (std::string const line : {"macp config --check", "macp serve", "macp watch --once", "macp status"}) {
            CAPTURE(line);
            auto const outcome = shell.run(line);
            CHECK(outcome.code == 2);
            CHECK(
                outcome.err.find("macp.toml:1: unknown key `listn`; the nearest known key is `listen`") !=
                std::string::npos
            );
            CHECK(outcome.err.find("macp.toml:3: `watch.poll_interval_seconds`") != std::string::npos);
        }
        shell.write("macp.toml", "listen = '127.0.0.1:0'\n");
        CHECK(shell.run("macp config --check").code == 0);
    }

    TEST_CASE("refuses an open listener without a token") {
        Shell const shell;
        for (std::string const line : {"macp config --check", "macp serve"}) {
            auto const outcome = shell.run("export MACP_LISTEN=0.0.0.0:0; " + line);
            CHECK(outcome.code == 2);
            CHECK(outcome.err.find("MACP_TOKEN") != std::string::npos);
        }
        CHECK(shell.run("MACP_TOKEN=x MACP_LISTEN=0.0.0.0:0 macp config --check").code == 0);
    }

    TEST_CASE("explains values and their origin, and no secret") {
        Shell const shell;
        shell.write("macp.toml", "\ndrain_seconds = 3\n");
        for (std::string const form : {"", " --json"}) {
            auto const outcome = shell.run("MACP_TOKEN=hunter2 MACP_THREADS=7 macp config --explain" + form);
            CHECK(outcome.code == 0);
            for (auto const* const part :
                 {"macp.toml:2", "MACP_THREADS", "MACP_TOKEN", "watch.poll_interval_seconds", "***"}) {
                CHECK(outcome.out.find(part) != std::string::npos);
            }
            CHECK(outcome.out.find("hunter2") == std::string::npos);
        }
        CHECK(shell.run("macp config --explain --markdown").out == macp::core::config_reference());
    }
}
