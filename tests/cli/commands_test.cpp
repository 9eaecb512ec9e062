#include "core/config_text.hpp"
#include "program.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using macp::testing::Shell;
using Json = nlohmann::json;

TEST_SUITE("command line") {
    TEST_CASE("helps with every command, with examples") {
        Shell const shell;
        CHECK(shell.run("macp --version").out == "macp " MACP_VERSION_TEXT "\n");
        for (std::string const command :
             {"", "serve", "watch", "tail", "events", "emit", "omx hook", "native hook", "status", "config",
              "completion", "man"}) {
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
             {"macp",
              "macp nonsense",
              "macp tail --nonsense",
              "macp events --limit many",
              "macp config",
              "macp config --check --explain",
              "macp completion tcsh",
              "macp completion",
              "macp tail --where novalue",
              "macp status --url ftp://x",
              "macp emit x --key",
              "macp omx",
              "macp omx hook",
              "macp native hook --provider someone",
              "macp native hook --file nowhere",
              "macp status --token-file nowhere",
              "macp status --config nowhere.toml",
              "macp tail --since yesterday",
              "macp tail --no-follow --since x:y",
              "macp events --since yesterday",
              "macp events --until 2026-13-01T00:00:00Z",
              "macp serve --root nowhere",
              "macp watch --once --root nowhere",
              "macp serve --listen nonsense"}) {
            CAPTURE(line);
            auto const outcome = shell.run(line);
            CHECK(outcome.code == 2);
            CHECK(outcome.out.empty());
            CHECK_FALSE(outcome.err.empty());
        }
        CHECK(shell.run("macp nonsense").err.find("nonsense") != std::string::npos);
        CHECK_FALSE(std::filesystem::exists(shell / "nowhere"));
        CHECK(shell.run("macp serve --listen nonsense").err.starts_with("macp: --listen "));
        CHECK(shell.run("macp events --since yesterday").err.starts_with("macp: --since: "));
    }

    TEST_CASE("ends with 1 when nobody takes its output") {
        Shell const shell;
        for (std::string const line : {"macp config --explain", "macp man", "macp completion bash", "macp --help"}) {
            CAPTURE(line);
            auto const outcome = shell.run(line + " > /dev/full");
            CHECK(outcome.code == 1);
            CHECK(outcome.err.find("standard output takes no more") != std::string::npos);
        }
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

    TEST_CASE("gives its mistakes as JSON when asked to, on standard output too") {
        Shell const shell;
        shell.write("macp.toml", "listn = 1\n[watch]\npoll_interval_seconds = 0\n");
        for (std::string const line : {"macp config --check --json", "macp config --explain --json"}) {
            auto const outcome = shell.run(line);
            CHECK(outcome.code == 2);
            auto const document = Json::parse(outcome.out);
            CHECK(document["ok"] == false);
            REQUIRE(document["errors"].size() == 2);
            CHECK(document["errors"][0]["file"] == "macp.toml");
            CHECK(document["errors"][0]["line"] == 1);
            CHECK(document["errors"][0]["key"] == "listn");
            CHECK(document["errors"][1]["key"] == "watch.poll_interval_seconds");
        }
        auto const open = Json::parse(shell.run("rm macp.toml; MACP_LISTEN=0.0.0.0:0 macp config --check --json").out);
        CHECK(open["errors"][0]["key"] == "listen");
        auto const missing = Json::parse(shell.run("macp config --check --json --config no.toml").out);
        CHECK(missing["errors"][0]["message"].get<std::string>().find("no.toml") != std::string::npos);
        auto const good = Json::parse(shell.run("MACP_TREADS=3 macp config --check --json").out);
        CHECK(good["ok"] == true);
        CHECK(good["warnings"].size() == 1);
    }

    TEST_CASE("warns of a misspelt variable") {
        Shell const shell;
        for (std::string const line : {"macp config --check", "macp watch --once"}) {
            auto const outcome = shell.run("MACP_TREADS=3 " + line);
            CHECK(outcome.code == 0);
            CHECK(outcome.err == "macp: warning: MACP_TREADS is not known; the nearest variable is MACP_THREADS\n");
        }
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
