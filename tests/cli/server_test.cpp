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
        CHECK(holds(outcome.out, "version        1\n"));
        CHECK(holds(outcome.out, "counts.events  2\n"));
        CHECK(holds(server.request(), "Authorization: Bearer hunter2\r\n"));
    }

    TEST_CASE("ask whether a server is ready, and end with 1 when it is not") {
        Shell const shell;
        FakeServer ready{"200 OK", "application/json", R"({"status":"ready","parts":[{"name":"log","ok":true}]})"};
        auto const outcome = shell.run("macp status --ready --url " + ready.url());
        CHECK(outcome.code == 0);
        CHECK(holds(outcome.out, "status  ready\n"));
        CHECK(holds(ready.request(), "GET /readyz "));
        FakeServer stuck{
            "503 Service Unavailable", "application/json",
            R"({"status":"not_ready","parts":[{"name":"log","ok":false}]})"
        };
        CHECK(shell.run("macp status --ready --url " + stuck.url()).code == 1);
    }

    TEST_CASE("show the state as tables") {
        Shell const shell;
        FakeServer server{
            "200 OK", "application/json",
            R"({"version":"1","watch":[{"events":3,"path":"events.ndjson","error":null},{"events":12,"path":"b\u001b[2J","error":"gone"}]})"
        };
        auto const outcome = shell.run("macp status --url " + server.url());
        CHECK(
            outcome.out == "url      " + server.url() +
                               "\nversion  1\n\nwatch\n"
                               "path           error  events\n"
                               "events.ndjson  -      3\n"
                               "b              gone   12\n"
        );
    }

    TEST_CASE("end with 1 when nobody takes what they print") {
        Shell const shell;
        std::string const event =
            R"({"specversion":"1.0","id":"1","seq":1,"source":"/s","type":"t","time":"2026-03-31T09:00:00Z"})";
        for (std::string const line : {"events", "events --json", "tail --no-follow --json", "status --json"}) {
            CAPTURE(line);
            bool const status = line.starts_with("status");
            FakeServer server{"200 OK", status ? "application/json" : "application/x-ndjson", event + '\n'};
            auto const outcome = shell.run("macp " + line + " --url " + server.url() + " > /dev/full");
            CHECK(outcome.code == 1);
            CHECK(holds(outcome.err, "standard output takes no more"));
        }
    }

    TEST_CASE("say what a gap is: a log of another epoch, or events that are no longer kept") {
        Shell const shell;
        auto const told = [&shell](std::string const& gap) {
            FakeServer server{"200 OK", "application/x-ndjson", R"({"gap":)" + gap + "}\n"};
            return shell.run("macp events --url " + server.url()).err;
        };
        auto const other = told(R"({"from":1,"to":0,"why":"epoch"})");
        CHECK(holds(other, "another log"));
        CHECK(holds(other, "starting over"));
        CHECK_FALSE(holds(other, "1 to 0"));
        CHECK(holds(told(R"({"from":1,"to":41,"why":"epoch"})"), "events 1 to 41 of this log are no longer kept"));
        CHECK(told(R"({"from":1,"to":41,"why":"retention"})") == "macp: events 1 to 41 are missing: retention\n");
    }

    TEST_CASE("print as many events as were asked for, also when one request cannot ask for so many") {
        Shell const shell;
        std::string lines;
        for (int i = 1; i <= 1'500; ++i) {
            lines += R"({"specversion":"1.0","id":"1","seq":)" + std::to_string(i) +
                     R"(,"source":"/s","type":"t","time":"2026-03-31T09:00:00Z"})" + "\n";
        }
        for (std::string const line : {"events", "tail --no-follow --since start"}) {
            FakeServer server{"200 OK", "application/x-ndjson", lines};
            CHECK(shell.run("macp " + line + " --limit 1200 --url " + server.url() + " | wc -l").out == "1200\n");
            CHECK_FALSE(holds(server.request(), "limit="));
        }
        FakeServer server{"200 OK", "application/x-ndjson", lines};
        CHECK(shell.run("macp events --limit 5 --url " + server.url() + " | wc -l").out == "5\n");
        CHECK(holds(server.request(), "limit=5"));
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
        CHECK(holds(server.request(), R"(,"payload":{"attempt":2,"task_id":"T-1"},"type":"task.completed"})"));
    }
}
