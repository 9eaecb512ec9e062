#include "client/client.hpp"

#include "support/scripted_server.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <functional>
#include <thread>

using namespace macp;
using namespace std::chrono_literals;
using core::ErrorCode;
using testing::Peer;
using testing::ScriptedServer;

namespace {

std::string event_text(core::Seq seq) {
    return R"({"specversion":"1.0","id":"i","seq":)" + std::to_string(seq) + R"(,"source":"/s","type":"t"})";
}

client::ClientOptions options_for(std::string url) {
    client::ClientOptions options{
        .url = std::move(url), .connect_timeout = 1h, .answer_timeout = 1h, .total_timeout = 1h
    };
    options.retry.sleep = [](auto) { FAIL("must not wait"); };
    return options;
}

/// Answers each request with the next body, and keeps what was asked.
ScriptedServer::Script answers(std::vector<std::string> bodies, std::vector<std::string>& asked) {
    return [bodies = std::move(bodies), &asked](Peer& peer) {
        for (auto const& body : bodies) {
            asked.push_back(peer.read_request());
            peer.answer(body);
        }
    };
}

std::string first_line(std::string const& request) {
    return request.substr(0, request.find('\r'));
}

std::string header(std::string const& request, std::string const& name) {
    auto const at = request.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    auto const begin = at + name.size() + 4;
    return request.substr(begin, request.find('\r', begin) - begin);
}

}  // namespace

TEST_SUITE_BEGIN("client: REST");

TEST_CASE("asks each endpoint on one connection, with the token") {
    std::vector<std::string> asked;
    ScriptedServer server{{answers(std::vector<std::string>(8, R"({"ok":true})"), asked)}};
    auto options = options_for(server.url() + "/prefix/");
    options.token = "s3cret";
    {
        client::Client client{options};
        CHECK(client.health() == nlohmann::json{{"ok", true}});
        CHECK(client.ready());
        CHECK(client.status());
        CHECK(client.metrics() == R"({"ok":true})");
        CHECK(client.telemetry());
        CHECK(client.openapi());
        CHECK(client.asyncapi());
        CHECK(client.rejects(5, "c 1"));
    }
    std::vector<std::string> const expected{
        "GET /prefix/healthz HTTP/1.1",
        "GET /prefix/readyz HTTP/1.1",
        "GET /prefix/api/status HTTP/1.1",
        "GET /prefix/metrics HTTP/1.1",
        "GET /prefix/api/system/telemetry HTTP/1.1",
        "GET /prefix/openapi.json HTTP/1.1",
        "GET /prefix/asyncapi.json HTTP/1.1",
        "GET /prefix/api/ingest/rejects?limit=5&cursor=c%201 HTTP/1.1",
    };
    REQUIRE(asked.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CHECK(first_line(asked[i]) == expected[i]);
        CHECK(header(asked[i], "Authorization") == "Bearer s3cret");
    }
    CHECK(server.connections() == 1);
}

TEST_CASE("asks for events by filter and follows their pages") {
    std::vector<std::string> asked;
    ScriptedServer server{{answers(
        {R"({"items":[)" + event_text(3) + "," + event_text(4) +
             R"(],"next_cursor":"e:4","position":"e:4","gap":{"from":1,"to":2,"why":"retention"}})",
         R"({"items":[)" + event_text(9) + R"(],"next_cursor":null,"position":"e:12"})"},
        asked
    )}};
    client::Client client{options_for(server.url())};
    client::EventQuery query{.since = "e:0", .until = "2026-01-01T00:00:00Z", .limit = 2};
    query.filter = {.types = {"task.*", "x"}, .sources = {"/s"}, .subjects = {"T&1"}, .where = {{"repo", "r"}}};
    std::vector<core::Seq> seen;
    std::vector<core::Gap> gaps;
    auto const end = client.for_each_event(
        query,
        [&](client::Event const& event) {
            seen.push_back(event.seq);
            return true;
        },
        [&](core::Gap const& gap) { gaps.push_back(gap); }
    );
    REQUIRE(end);
    CHECK(*end == "e:12");
    CHECK(seen == std::vector<core::Seq>{3, 4, 9});
    CHECK(gaps == std::vector<core::Gap>{{.from = 1, .to = 2, .why = "retention"}});
    REQUIRE(asked.size() == 2);
    CHECK(
        first_line(asked[0]) ==
        "GET /api/events?since=e%3A0&until=2026-01-01T00%3A00%3A00Z&limit=2&type=task.%2A&type=x"
        "&source=%2Fs&subject=T%261&data.repo=r HTTP/1.1"
    );
    CHECK(asked[1].starts_with("GET /api/events?since=e%3A4&until="));
}

TEST_CASE("stops following when told, and says where it stopped") {
    std::vector<std::string> asked;
    auto const body =
        R"({"items":[)" + event_text(3) + "," + event_text(4) + R"(],"next_cursor":"e:4","position":"e:4"})";
    ScriptedServer server{{answers({body, body}, asked)}};
    client::Client client{options_for(server.url())};
    auto const end = client.for_each_event({}, [](client::Event const&) { return false; });
    CHECK(end == "e:3");
    auto const stuck = client.for_each_event({.since = "e:4"}, [](client::Event const&) { return true; });
    REQUIRE_FALSE(stuck);
    CHECK(stuck.error().code == ErrorCode::Internal);
}

TEST_CASE("streams events as lines, whatever pieces they come in") {
    std::string request;
    auto const script = [&](Peer& peer) {
        request = peer.read_request();
        auto const lines =
            event_text(1) + "\n" + R"({"gap":{"from":2,"to":3,"why":"retention"}})" + "\n" + event_text(4);
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (char const c : lines) peer.send(std::string{"1\r\n"} + c + "\r\n");
        peer.send("0\r\n\r\n");
    };
    ScriptedServer server{{script, script}};
    client::Client client{options_for(server.url())};
    std::vector<core::Seq> seen;
    std::size_t gaps = 0;
    auto const each = [&](client::Event const& event) {
        seen.push_back(event.seq);
        return true;
    };
    auto const whole = client.stream_events({}, each, [&](core::Gap const&) { ++gaps; });
    REQUIRE_MESSAGE(whole, whole.error().message);
    CHECK(seen == std::vector<core::Seq>{1, 4});
    CHECK(gaps == 1);
    CHECK(header(request, "Accept") == "application/x-ndjson");

    seen.clear();
    auto const first = client.stream_events({}, [&](client::Event const& event) {
        seen.push_back(event.seq);
        return false;
    });
    CHECK(first);
    CHECK(seen == std::vector<core::Seq>{1});
}

TEST_CASE("reports a stream that breaks off") {
    ScriptedServer server{{[](Peer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + event_text(1) + "\n");
    }}};
    client::Client client{options_for(server.url())};
    std::size_t seen = 0;
    auto const broken = client.stream_events({}, [&](client::Event const&) { return ++seen > 0; });
    REQUIRE_FALSE(broken);
    CHECK(broken.error().code == ErrorCode::Unavailable);
    CHECK(seen == 1);
}

TEST_CASE("posts events with a key of its own or the caller's") {
    std::vector<std::string> asked;
    std::string const receipt = R"({"accepted":2,"first_seq":7,"last_seq":8,"repeats":1})";
    ScriptedServer server{{answers({receipt, receipt, receipt, receipt}, asked)}};
    client::Client client{options_for(server.url())};
    auto const got = client.emit({{"type", "t"}});
    REQUIRE(got);
    CHECK(got->accepted == 2);
    CHECK(got->first_seq == 7);
    CHECK(got->last_seq == 8);
    CHECK(got->repeats == 1);
    CHECK(client.emit(nlohmann::json::array({{{"type", "t"}}}), "mine"));
    CHECK(client.emit_lines("{\"type\":\"t\"}\n"));
    CHECK(client.retry_reject("a/b"));
    REQUIRE(asked.size() == 4);
    CHECK(first_line(asked[0]) == "POST /api/events HTTP/1.1");
    CHECK(asked[0].ends_with("\r\n\r\n{\"type\":\"t\"}"));
    CHECK(header(asked[0], "Content-Type") == "application/json");
    CHECK(header(asked[0], "Idempotency-Key").size() == 32);
    CHECK(header(asked[0], "Idempotency-Key") != header(asked[2], "Idempotency-Key"));
    CHECK(header(asked[1], "Idempotency-Key") == "mine");
    CHECK(asked[1].ends_with("\r\n\r\n[{\"type\":\"t\"}]"));
    CHECK(header(asked[2], "Content-Type") == "application/x-ndjson");
    CHECK(first_line(asked[3]) == "POST /api/ingest/rejects/a%2Fb/retry HTTP/1.1");
}

TEST_CASE("tries again after 503 and 429, no sooner than asked, and with the same key") {
    std::vector<std::string> asked;
    ScriptedServer server{{[&](Peer& peer) {
        asked.push_back(peer.read_request());
        peer.answer("503 Service Unavailable", "{}", "Retry-After: 3\r\n");
        asked.push_back(peer.read_request());
        peer.answer("429 Too Many Requests", "{}");
        asked.push_back(peer.read_request());
        peer.answer(R"({"accepted":1})");
    }}};
    auto options = options_for(server.url());
    std::vector<std::chrono::milliseconds> waits;
    options.retry.sleep = [&](auto wait) { waits.push_back(wait); };
    options.retry.backoff.random = [] { return 0.5; };
    client::Client client{options};
    auto const receipt = client.emit({{"type", "t"}});
    REQUIRE(receipt);
    CHECK(receipt->accepted == 1);
    CHECK(waits == std::vector<std::chrono::milliseconds>{3s, 200ms});
    REQUIRE(asked.size() == 3);
    CHECK(header(asked[0], "Idempotency-Key") == header(asked[2], "Idempotency-Key"));
}

TEST_CASE("does not try again what it may not, and not for ever") {
    std::size_t requests = 0;
    std::string status = "503 Service Unavailable";
    std::string more;
    auto options = options_for("");
    options.retry.tries = 3;
    options.retry.sleep = [](auto) {};
    std::size_t expected = 1;
    std::function<core::Result<void>(client::Client&)> call = [](client::Client& client) {
        return client.health().map([](auto&&) {});
    };
    SUBCASE("bounded") {
        expected = 3;
    }
    SUBCASE("asked to wait too long") {
        more = "Retry-After: 3600\r\n";
    }
    SUBCASE("another refusal") {
        status = "409 Conflict";
    }
    SUBCASE("readiness is the answer") {
        call = [](client::Client& client) { return client.ready().map([](auto&&) {}); };
    }
    ScriptedServer server{{[&](Peer& peer) {
        while (!peer.read_request().empty()) {
            ++requests;
            peer.answer(status, R"({"type":"x","detail":"no"})", more);
        }
    }}};
    options.url = server.url();
    client::Client client{options};
    auto const answer = call(client);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().message == "no");
    CHECK(requests == expected);
}

TEST_CASE("a POST without a key is sent once") {
    std::string request;
    ScriptedServer server{{[&](Peer& peer) {
        request = peer.read_request();
        peer.answer("503 Service Unavailable", "{}");
    }}};
    auto options = options_for(server.url());
    options.retry.tries = 1;
    client::Client client{options};
    CHECK_FALSE(client.emit({{"type", "t"}}));
    CHECK(header(request, "Idempotency-Key").empty());
}

TEST_CASE("says that nobody is there, and what to do") {
    auto const url = "http://127.0.0.1:" + std::to_string(testing::closed_port());
    client::Client client{options_for(url)};
    auto const answer = client.status();
    REQUIRE_FALSE(answer);
    CHECK(client::is_unreachable(answer.error()));
    CHECK(answer.error().message.find(url) != std::string::npos);
    CHECK(answer.error().message.find("macp serve") != std::string::npos);
}

TEST_CASE("refuses a bad address and a bad token before it sends anything") {
    client::Client nowhere{options_for("localhost")};
    CHECK(nowhere.health().error().code == ErrorCode::InvalidField);
    auto options = options_for("http://127.0.0.1:1");
    options.token = "a\r\nb";
    client::Client injecting{options};
    CHECK(injecting.health().error().code == ErrorCode::InvalidField);
}

TEST_CASE("hands out any answer of a plain call") {
    std::vector<std::string> asked;
    ScriptedServer server{{[&](Peer& peer) {
        asked.push_back(peer.read_request());
        peer.answer("404 Not Found", "gone", "X-A: b\r\n");
    }}};
    client::Client client{options_for(server.url())};
    auto const reply = client.call("DELETE", "/thing?x=1", "body", {{"X-B", "c"}});
    REQUIRE(reply);
    CHECK(reply->status == 404);
    CHECK(reply->body == "gone");
    CHECK(first_line(asked.at(0)) == "DELETE /thing?x=1 HTTP/1.1");
    CHECK(header(asked.at(0), "X-B") == "c");
}

TEST_CASE("serves several threads at once") {
    auto const script = [](Peer& peer) {
        for (auto request = peer.read_request(); !request.empty(); request = peer.read_request()) {
            peer.answer('"' + first_line(request) + '"');
        }
    };
    ScriptedServer server{std::vector<ScriptedServer::Script>(4, script)};
    client::Client client{options_for(server.url())};
    std::atomic<int> wrong{0};
    {
        std::vector<std::jthread> callers;
        for (int caller = 0; caller < 4; ++caller) {
            callers.emplace_back([&client, &wrong, caller] {
                for (int i = 0; i < 50; ++i) {
                    auto const target = "/" + std::to_string(caller) + "/" + std::to_string(i);
                    auto const reply = client.call("GET", target);
                    if (!reply || reply->body != "\"GET " + target + " HTTP/1.1\"") ++wrong;
                }
            });
        }
    }
    CHECK(wrong == 0);
    CHECK(server.connections() <= 4);
}

TEST_SUITE_END();
