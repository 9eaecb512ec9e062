#include "fake_server.hpp"
#include "program.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <vector>

using macp::testing::FakeServer;
using macp::testing::Shell;
using Json = nlohmann::json;

namespace {

/// An address where nobody listens.
std::string nobody() {
    FakeServer const gone{"200 OK", "text/plain", ""};
    return gone.url();
}

bool holds(std::string const& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// What lies in the spool of the shell's folder, or of one in it.
std::vector<Json> spooled(Shell const& shell, std::string const& under = ".") {
    std::vector<Json> all;
    auto const folder = (shell / under) / ".mosaic/orchestrator/spool";
    if (!std::filesystem::exists(folder)) return all;
    for (auto const& entry : std::filesystem::directory_iterator{folder}) {
        CHECK((entry.status().permissions() & std::filesystem::perms::mask) == std::filesystem::perms{0600});
        all.push_back(Json::parse(macp::testing::read_all(entry.path())));
    }
    return all;
}

constexpr auto envelope = R"({"event":"test-failed","context":{"normalized_event":"test-failed"}})";
constexpr auto taken = R"({"ok":true,"type":"session.test-failed","seq":1,"event_id":"e"})";

}  // namespace

TEST_SUITE("hook commands") {
    TEST_CASE("hand the hook over, named, and say nothing") {
        for (std::string const command : {"omx", "native"}) {
            Shell const shell;
            shell.write("in.json", envelope);
            for (std::string const input : {" < in.json", " --file in.json", " --file - < in.json"}) {
                FakeServer server{"202 Accepted", "application/json", taken};
                auto const outcome =
                    shell.run("MACP_TOKEN=hunter2 macp " + command + " hook --url " + server.url() + input);
                CHECK(outcome.code == 0);
                CHECK(outcome.out.empty());
                CHECK(outcome.err.empty());
                CHECK(holds(server.request(), "POST /api/" + command + "/hook HTTP/1.1\r\n"));
                CHECK(holds(server.request(), "Authorization: Bearer hunter2\r\n"));
                CHECK(holds(server.request(), "\r\n\r\n{\"event_id\":\""));
            }
            CHECK(spooled(shell).empty());
        }
    }

    TEST_CASE("say whose native hook it is") {
        Shell const shell;
        FakeServer server{"202 Accepted", "application/json", taken};
        CHECK(
            shell.run("echo '{\"hook_event_name\":\"Stop\"}' | macp native hook --provider codex --url " + server.url())
                .code == 0
        );
        CHECK(holds(server.request(), R"({"provider":"codex","event_id":")"));
    }

    TEST_CASE("keep the hook when nobody answers, with the id that it had, and end with 3 or with 0") {
        auto const url = nobody();
        for (auto const& [option, code] : {std::pair{"", 3}, {" --best-effort", 0}}) {
            Shell const shell;
            shell.write("in.json", envelope);
            auto const outcome = shell.run("macp omx hook < in.json --url " + url + option);
            CHECK(outcome.code == code);
            CHECK(outcome.out.empty());
            CHECK(holds(outcome.err, "kept for the gateway in "));
            auto const kept = spooled(shell);
            REQUIRE(kept.size() == 1);
            CHECK(kept[0]["door"] == "POST /api/omx/hook");
            CHECK(kept[0]["content_type"] == "application/json");
            auto const body = Json::parse(kept[0]["text"].get<std::string>());
            CHECK(body["event_id"].get<std::string>().size() == 36);
            CHECK(body["event"] == "test-failed");
        }
    }

    TEST_CASE("keep the hook when the gateway cannot take it now, and not when it refuses it") {
        for (auto const& [status, is_kept] :
             {std::pair{"429 Too Many Requests", true},
              {"503 Service Unavailable", true},
              {"507 Insufficient Storage", true},
              {"422 Unprocessable Content", false},
              {"401 Unauthorized", false}}) {
            CAPTURE(status);
            Shell const shell;
            shell.write("in.json", envelope);
            FakeServer server{status, "application/problem+json", R"({"detail":"not now"})"};
            auto const outcome = shell.run("macp omx hook < in.json --url " + server.url());
            CHECK(outcome.code == 1);
            CHECK(outcome.out.empty());
            CHECK(spooled(shell).size() == (is_kept ? 1 : 0));
            FakeServer again{status, "application/problem+json", R"({"detail":"not now"})"};
            CHECK(shell.run("macp omx hook --best-effort < in.json --url " + again.url()).code == 0);
        }
    }

    TEST_CASE("keep it in the workspace that they stand in, or that is configured") {
        auto const url = nobody();
        Shell const shell;
        shell.write("work/.mosaic/orchestrator/events.ndjson", "");
        shell.write("work/src/deep/in.json", envelope);
        auto const go = "cd work/src/deep && macp omx hook --best-effort < in.json --url " + url;
        CHECK(shell.run(go).code == 0);
        CHECK(spooled(shell, "work").size() == 1);
        shell.write("other/x", "");
        CHECK(shell.run("export MACP_ROOT=\"$PWD/other\"; " + go).code == 0);
        CHECK(spooled(shell, "other").size() == 1);
        CHECK(spooled(shell, "work").size() == 1);
    }

    TEST_CASE("never harm an agent with --best-effort, whatever is wrong") {
        Shell const shell;
        shell.write("in.json", envelope);
        shell.write("macp.toml", "nonsense = 1\n");
        CHECK(shell.run("macp omx hook < in.json").code == 2);
        for (std::string const line :
             {"macp omx hook --best-effort < in.json", "macp omx hook --best-effort",
              "macp native hook --best-effort --file nowhere", "macp omx hook --best-effort --url ftp://x < in.json",
              "rm -r .mosaic; mkdir -p .mosaic/orchestrator; touch .mosaic/orchestrator/spool; macp omx hook "
              "--best-effort < in.json",
              "mkfifo pipe; exec 3<> pipe; macp native hook --best-effort <&3"}) {
            CAPTURE(line);
            auto const outcome = shell.run(line);
            CHECK(outcome.code == 0);
            CHECK(outcome.out.empty());
            CHECK_FALSE(outcome.err.empty());
        }
    }

    TEST_CASE("take what has come of an input that does not end") {
        Shell const shell;
        FakeServer server{"202 Accepted", "application/json", taken};
        CHECK(
            shell
                .run(
                    "mkfifo pipe; exec 3<> pipe; echo '" + std::string{envelope} + "' >&3; macp omx hook <&3 --url " +
                    server.url()
                )
                .code == 0
        );
    }

    TEST_CASE("hand over what is no JSON as it is: the gateway keeps it among the rejects") {
        Shell const shell;
        FakeServer server{"400 Bad Request", "application/problem+json", R"({"detail":"not JSON"})"};
        auto const outcome = shell.run("echo '{broken' | macp omx hook --url " + server.url());
        CHECK(outcome.code == 1);
        CHECK(holds(outcome.err, "not JSON"));
        CHECK(holds(server.request(), "\r\n\r\n{broken\n"));
    }
}

TEST_SUITE("emit for agents") {
    TEST_CASE("names its events before the first try") {
        Shell const shell;
        FakeServer server{
            "202 Accepted", "application/json", R"({"accepted":1,"first_seq":1,"last_seq":1,"repeats":0})"
        };
        CHECK(shell.run("macp emit x --url " + server.url()).code == 0);
        CHECK(holds(server.request(), "\"event_id\":\""));
        FakeServer mine{"202 Accepted", "application/json", R"({"accepted":1,"first_seq":1,"last_seq":1,"repeats":0})"};
        CHECK(shell.run("macp emit x --id mine --url " + mine.url()).code == 0);
        CHECK_FALSE(holds(mine.request(), "\"event_id\":\""));
    }

    TEST_CASE("keeps its events with --best-effort alone") {
        auto const url = nobody();
        Shell const shell;
        CHECK(shell.run("macp emit x --url " + url).code == 3);
        CHECK(spooled(shell).empty());
        auto const outcome = shell.run("macp emit x --a b --best-effort --url " + url);
        CHECK(outcome.code == 0);
        CHECK(outcome.out.empty());
        auto const kept = spooled(shell);
        REQUIRE(kept.size() == 1);
        CHECK(kept[0]["door"] == "POST /api/events");
        CHECK(Json::parse(kept[0]["text"].get<std::string>())["payload"]["a"] == "b");
    }

    TEST_CASE("keeps lines as lines") {
        Shell const shell;
        CHECK(
            shell
                .run(
                    "printf '{\"type\":\"a\"}\\n{\"type\":\"b\"}\\n' | macp emit --file - --best-effort --url " +
                    nobody()
                )
                .code == 0
        );
        auto const kept = spooled(shell);
        REQUIRE(kept.size() == 1);
        CHECK(kept[0]["content_type"] == "application/x-ndjson");
        auto const text = kept[0]["text"].get<std::string>();
        CHECK(std::ranges::count(text, '\n') == 2);
        CHECK(holds(text, R"(,"type":"b"})"));
    }
}
