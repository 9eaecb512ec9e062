#include "fake_server.hpp"
#include "program.hpp"

#include <doctest/doctest.h>

using macp::testing::FakeServer;
using macp::testing::Shell;

namespace {

/// An address where nobody listens.
std::string nobody() {
    FakeServer const gone{"200 OK", "text/plain", ""};
    return gone.url();
}

bool holds(std::string const& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("commands that talk to a server") {
    TEST_CASE("end with 3 when nobody answers") {
        Shell const shell;
        auto const url = nobody();
        for (std::string const line : {"status", "events", "emit x", "tail", "tail --no-follow"}) {
            CAPTURE(line);
            auto const outcome = shell.run("macp " + line + " --url " + url);
            CHECK(outcome.code == 3);
            CHECK(holds(outcome.err, url));
        }
    }

    TEST_CASE("find the server by MACP_URL and by the configuration") {
        Shell const shell;
        auto const url = nobody();
        CHECK(holds(shell.run("MACP_URL=" + url + " macp status").err, url));
        shell.write("macp.toml", "listen = \"" + url.substr(7) + "\"\n");
        CHECK(holds(shell.run("macp status").err, url));
    }

    TEST_CASE("end with 1 when it refuses, and say its words harmlessly") {
        Shell const shell;
        FakeServer server{
            "403 Forbidden", "application/problem+json",
            R"({"title":"Forbidden","status":403,"detail":"not \u001b[31mfor you","request_id":"r-1"})"
        };
        auto const outcome = shell.run("macp status --url " + server.url());
        CHECK(outcome.code == 1);
        CHECK(holds(outcome.err, "not for you"));
        CHECK(holds(outcome.err, "r-1"));
    }

    TEST_CASE("send the token from the environment, never from the command line") {
        Shell const shell;
        FakeServer server{"200 OK", "application/json", R"({"version":"1","counts":{"events":2}})"};
        auto const outcome = shell.run("MACP_TOKEN=hunter2 macp status --url " + server.url());
        CHECK(outcome.code == 0);
        CHECK(holds(outcome.out, "version: 1\n"));
        CHECK(holds(outcome.out, "counts.events: 2\n"));
        CHECK(holds(server.request(), "Authorization: Bearer hunter2\r\n"));
    }

    TEST_CASE("take the token from a file") {
        Shell const shell;
        shell.write("token", " filed \n");
        FakeServer server{"200 OK", "application/json", "{}"};
        CHECK(
            shell.run("chmod 600 token; MACP_TOKEN=other macp status --json --token-file token --url " + server.url())
                .out == "{}\n"
        );
        CHECK(holds(server.request(), "Authorization: Bearer filed\r\n"));
    }

    TEST_CASE("emit what was said and print what became of it") {
        Shell const shell;
        FakeServer server{"202 Accepted", "application/json", R"({"accepted":1,"first_seq":7,"last_seq":7})"};
        auto const outcome = shell.run("macp emit task.completed --task_id T-1 --attempt:=2 --url " + server.url());
        CHECK(outcome.code == 0);
        CHECK(outcome.out == "1 accepted, seq 7\n");
        CHECK(holds(server.request(), "POST /api/events HTTP/1.1\r\n"));
        CHECK(holds(server.request(), R"({"payload":{"attempt":2,"task_id":"T-1"},"type":"task.completed"})"));
    }
}
