#include "http/fixture.hpp"
#include "http/transport.hpp"

#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <set>
#include <stdexcept>
#include <thread>

TEST_SUITE_BEGIN("http session");

using namespace macp;
using testing::get;
using testing::post;
using testing::route;
using testing::TestServer;

namespace {

core::Result<http::Response> say(std::string text) {
    return http::Response{.content_type = "text/plain", .body = std::move(text)};
}

/// Tells what the handler saw.
core::Result<http::Response> echo(http::Request const& request) {
    std::string text = request.method + " " + request.path;
    for (auto const& [name, value] : request.params) text += " {" + name + "}=" + value;
    for (auto const& [name, value] : request.query) text += " " + name + "=" + value;
    if (auto const extra = request.header("x-extra")) text += " extra=" + std::string{*extra};
    return say(text + " " + request.body);
}

std::vector<http::Route> echo_routes() {
    return {
        route("GET", "/echo", echo),
        route("POST", "/echo", echo, http::BodyLimit::Control),
        route("GET", "/things/{id}", echo),
        route("GET", "/bug", [](auto const&) -> core::Result<http::Response> { throw std::runtime_error{"a bug"}; }),
    };
}

async::Task<> speak_upper(std::unique_ptr<http::Transport> transport, std::string leftover) {
    std::array<char, 64> bytes{};
    co_await transport->write(std::string_view{"taken, had " + leftover + ";"});
    auto const got = co_await transport->read_some(bytes);
    std::string text{bytes.data(), got.bytes};
    for (auto& c : text) c = static_cast<char>(std::toupper(c));
    co_await transport->write(std::string_view{text});
    co_await transport->shutdown();
}

core::Result<http::Response> take_over(http::Request const& /*request*/) {
    http::Response response{.status = 101};
    response.takeover = speak_upper;
    return response;
}

core::Result<http::Response> open_stream(http::Request const& /*request*/) {
    http::Response response{.content_type = "text/event-stream", .headers = {{"Cache-Control", "no-store"}}};
    response.takeover = speak_upper;
    return response;
}

}  // namespace

TEST_CASE("answers on the wire with the headers of the house") {
    TestServer const server{echo_routes()};
    auto client = server.connect();
    auto const answer = client.ask(get("/echo"));
    CHECK(answer.head.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.header("Server") == "macp");
    CHECK(answer.header("Content-Type") == "text/plain");
    CHECK(answer.header("Date")->ends_with(" GMT"));
    CHECK(answer.header("Date")->size() == 29);
    CHECK(answer.header("X-Request-Id")->size() > 8);
    CHECK_FALSE(answer.header("Connection"));
    CHECK(answer.body == "GET /echo ");
}

TEST_CASE("keeps the connection, for HTTP/1.0 only when asked") {
    TestServer const server{echo_routes()};
    auto client = server.connect();
    CHECK(client.ask(get("/echo")).status == 200);
    CHECK(client.ask(post("/echo", "body")).body == "POST /echo body");
    CHECK(client.ask(get("/echo", "Connection: close\r\n")).header("Connection") == "close");
    CHECK(client.is_closed());

    auto old = server.connect();
    auto const kept = old.ask("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(kept.head.starts_with("HTTP/1.0 200 OK\r\n"));
    CHECK(kept.header("Connection") == "keep-alive");
    CHECK(old.ask("GET /echo HTTP/1.0\r\n\r\n").header("Connection") == "close");
    CHECK(old.is_closed());
}

TEST_CASE("answers pipelined requests in order") {
    TestServer const server{echo_routes()};
    auto client = server.connect();
    std::string requests;
    for (int i = 0; i < 500; ++i)
        requests += i % 3 == 0 ? post("/echo", std::to_string(i)) : get("/things/" + std::to_string(i));
    client.send(requests);
    for (int i = 0; i < 500; ++i) {
        auto const number = std::to_string(i);
        REQUIRE(
            client.read().body ==
            (i % 3 == 0 ? "POST /echo " + number : "GET /things/" + number + " {id}=" + number + " ")
        );
    }
}

TEST_CASE("reads a request that comes byte by byte") {
    TestServer const server{echo_routes()};
    auto client = server.connect();
    for (auto const c : post("/echo?a=%20b&c=d+e", "slowly")) client.send({&c, 1});
    CHECK(client.read().body == "POST /echo a= b c=d e slowly");
}

TEST_CASE("reads chunked bodies, and drops their trailers") {
    TestServer const server{echo_routes()};
    auto client = server.connect();
    std::string const head = "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    std::string const body = "3\r\nabc\r\nA;why=not\r\n0123456789\r\n0\r\nX-Extra: late\r\n\r\n";
    CHECK(client.ask(head + body).body == "POST /echo abc0123456789");
    for (auto const c : head + body) client.send({&c, 1});
    CHECK(client.read().body == "POST /echo abc0123456789");
    CHECK(client.ask(get("/echo")).status == 200);
}

TEST_CASE("tells a waiting client to send its body") {
    TestServer const server{echo_routes()};
    auto client = server.connect();
    std::string const head =
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
    client.send(head);
    CHECK(client.read_bytes(25) == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(client.ask("body").body == "POST /echo body");
    CHECK(client.ask(head + "body").body == "POST /echo body");  // it did not wait: nothing to say

    auto refused = server.connect();
    refused.send("POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    CHECK(refused.read().status == 404);
    refused.finish_sending();
    CHECK(refused.is_closed());
}

TEST_CASE("hands headers on in lower case, several of a name in order") {
    TestServer const server{echo_routes()};
    CHECK(server.connect().ask(get("/echo", "X-EXTRA:  one \r\nx-extra: two\r\n")).body == "GET /echo extra=one ");
}

TEST_CASE("understands absolute targets, and an empty line in front") {
    TestServer const server{echo_routes()};
    auto client = server.connect();
    CHECK(client.ask("\r\nGET http://localhost/echo?a=1 HTTP/1.1\r\nHost: localhost\r\n\r\n").body == "GET /echo a=1 ");
}

TEST_CASE("answers 500 for a bug, and the connection goes on") {
    TestServer const server{echo_routes()};
    auto client = server.connect();
    auto const answer = client.ask(get("/bug"));
    CHECK(answer.status == 500);
    CHECK(answer.header("Content-Type") == "application/problem+json");
    CHECK(answer.body.find("a bug") == std::string::npos);
    CHECK(client.ask(get("/echo")).status == 200);
}

TEST_CASE("answers HEAD without a body, OPTIONS and wrong methods with Allow") {
    TestServer const server{echo_routes()};
    auto client = server.connect();
    auto const head = client.ask("HEAD /echo HTTP/1.1\r\nHost: localhost\r\n\r\n", false);
    CHECK(head.status == 200);
    CHECK(head.header("Content-Length") == "11");
    auto const options = client.ask("OPTIONS /echo HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(options.status == 204);
    CHECK(options.header("Allow") == "GET, HEAD, POST, OPTIONS");
    CHECK_FALSE(options.header("Content-Length"));
    auto const wrong = client.ask("DELETE /echo HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(wrong.status == 405);
    CHECK(wrong.header("Allow") == "GET, HEAD, POST, OPTIONS");
    auto const unknown = client.ask(get("/nowhere"));
    CHECK(unknown.status == 404);
    CHECK(unknown.body.find(*unknown.header("X-Request-Id")) != std::string::npos);
    CHECK(client.ask("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 204);
}

TEST_CASE("skips the small body of a refused request and goes on") {
    TestServer const server{echo_routes()};
    auto client = server.connect();
    CHECK(client.ask(post("/nowhere", "some body") + get("/echo")).status == 404);
    CHECK(client.read().status == 200);
    CHECK(
        client
            .ask("POST /nowhere HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")
            .status == 404
    );
    CHECK(client.ask(get("/echo")).status == 200);
}

TEST_CASE("takes bodies as they are, and says so to who compresses them") {
    TestServer const server{echo_routes()};
    auto client = server.connect();
    auto const post_in = [](std::string const& lines) {
        return "POST /echo HTTP/1.1\r\nHost: localhost\r\n" + lines + "Content-Length: 4\r\n\r\nbody";
    };
    for (std::string const lines :
         {"Content-Encoding: gzip\r\n", "Content-Encoding: identity, br\r\n",
          "Content-Encoding: identity\r\nContent-Encoding: deflate\r\n"}) {
        CAPTURE(lines);
        auto const answer = client.ask(post_in(lines));
        CHECK(answer.status == 415);
        CHECK(answer.header("Accept-Encoding") == "identity");
        CHECK(answer.body.find(R"("field":"Content-Encoding")") != std::string::npos);
    }
    for (std::string const lines :
         {"Content-Encoding: Identity\r\n", "Content-Encoding: identity ,\r\n", "Content-Encoding:\r\n"}) {
        CHECK(client.ask(post_in(lines)).body == "POST /echo body");
    }
    CHECK(client.ask(get("/echo", "Content-Encoding: gzip\r\n")).status == 200);  // nothing is coded
}

TEST_CASE("takes a sane request id from the client, and only such") {
    TestServer const server{echo_routes()};
    auto client = server.connect();
    CHECK(client.ask(get("/echo", "X-Request-Id: job.7_a-B\r\n")).header("X-Request-Id") == "job.7_a-B");
    CHECK(client.ask(get("/echo", "X-Request-Id: a b\r\n")).header("X-Request-Id") != "a b");
    auto const long_id = std::string(65, 'x');
    CHECK(client.ask(get("/echo", "X-Request-Id: " + long_id + "\r\n")).header("X-Request-Id") != long_id);
    CHECK(client.ask(get("/echo")).header("X-Request-Id") != client.ask(get("/echo")).header("X-Request-Id"));
}

TEST_CASE("hands the connection and what came early to who takes it over") {
    TestServer server{{route("GET", "/up", take_over)}};
    auto client = server.connect();
    client.send(get("/up") + "early bytes");
    CHECK(client.read_bytes(23) == "taken, had early bytes;");
    client.send("hello");
    CHECK(client.read_to_end() == "HELLO");
    auto other = server.connect();
    CHECK(other.ask("HEAD /up HTTP/1.1\r\nHost: localhost\r\n\r\n", false).status == 101);
}

TEST_CASE("sends the head for whoever takes over without an upgrade, with what pages of other origins need") {
    TestServer server{
        {route("GET", "/stream", open_stream)}, testing::generous_limits(), {.origins = {"https://dash.example"}}
    };
    auto client = server.connect();
    auto const answer = client.ask(get("/stream", "Origin: https://dash.example\r\n"));
    CHECK(answer.status == 200);
    CHECK(answer.header("Content-Type") == "text/event-stream");
    CHECK(answer.header("Cache-Control") == "no-store");
    CHECK(answer.header("Connection") == "close");
    CHECK(answer.header("X-Request-Id"));
    CHECK(answer.header("Access-Control-Allow-Origin") == "https://dash.example");
    CHECK_FALSE(answer.header("Content-Length"));
    CHECK(client.read_bytes(11) == "taken, had ");
    client.send("hello");
    CHECK(client.read_to_end() == ";HELLO");
    auto other = server.connect();
    auto const head = other.ask("HEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n", false);
    CHECK(head.header("Content-Type") == "text/event-stream");
}

TEST_CASE("deals connections to the shards in turn, and each stays there") {
    std::vector<http::Route> routes{route("GET", "/where", [](http::Request const& request) {
        REQUIRE(request.shard->health().thread_id == ::gettid());
        return say(std::to_string(request.shard->index()));
    })};
    TestServer server{std::move(routes), testing::generous_limits(), {}, 3};
    std::multiset<std::string> seen;
    for (int i = 0; i < 6; ++i) {
        auto client = server.connect();
        auto const first = client.ask(get("/where")).body;
        CHECK(client.ask(get("/where")).body == first);
        seen.insert(first);
    }
    CHECK(seen == std::multiset<std::string>{"0", "0", "1", "1", "2", "2"});
}

TEST_CASE("asks for tokens, host and origin before the handler") {
    auto policy = http::Access::Policy{
        .tokens = {*http::parse_token("ops", "read:aaaaaaaa"), *http::parse_token("hook", "ingest:bbbbbbbb")},
        .origins = {"https://dash.example"},
    };
    TestServer server{echo_routes(), testing::generous_limits(), policy};
    auto client = server.connect();
    CHECK(client.ask(get("/echo")).status == 401);
    CHECK(client.ask(get("/echo")).header("WWW-Authenticate") == "Bearer");
    CHECK(client.ask(get("/echo", "Authorization: Bearer bbbbbbbb\r\n")).status == 403);
    CHECK(client.ask(get("/echo", "Authorization: Bearer aaaaaaaa\r\n")).status == 200);
    CHECK(client.ask(get("/echo?access_token=aaaaaaaa&b=c")).body == "GET /echo b=c ");
    CHECK(client.ask("GET /echo?access_token=aaaaaaaa HTTP/1.1\r\nHost: evil.example\r\n\r\n").status == 403);
    CHECK(client.ask(get("/echo?access_token=aaaaaaaa", "Origin: http://evil.example\r\n")).status == 403);
    CHECK(client.ask(get("/echo?access_token=aaaaaaaa", "Origin: http://localhost\r\n")).status == 200);

    auto const page = client.ask(get("/echo?access_token=aaaaaaaa", "Origin: https://dash.example\r\n"));
    CHECK(page.header("Access-Control-Allow-Origin") == "https://dash.example");
    CHECK(page.header("Vary") == "Origin");
    auto const preflight = client.ask(
        "OPTIONS /echo HTTP/1.1\r\nHost: localhost\r\nOrigin: https://dash.example\r\n"
        "Access-Control-Request-Method: POST\r\n\r\n"
    );
    CHECK(preflight.status == 204);
    CHECK(preflight.header("Access-Control-Allow-Methods") == "GET, HEAD, POST, OPTIONS");
    CHECK(preflight.header("Access-Control-Allow-Headers")->find("Authorization") != std::string::npos);

    server.access().replace({.tokens = {*http::parse_token("ops", "read:cccccccc")}});
    CHECK(client.ask(get("/echo?access_token=aaaaaaaa")).status == 401);
    CHECK(client.ask(get("/echo?access_token=cccccccc")).status == 200);
}

TEST_CASE("counts what it does") {
    TestServer server{echo_routes()};
    auto client = server.connect();
    CHECK(client.ask(get("/echo")).status == 200);
    CHECK(client.ask(get("/nowhere")).status == 404);
    auto const& counters = server.counters();
    CHECK(counters.connections.get() == 1);
    CHECK(counters.by_class[2].get() == 1);
    CHECK(counters.by_class[4].get() == 1);
    CHECK(counters.bytes_in.get() == get("/echo").size() + get("/nowhere").size());
    std::uint64_t timed = 0;
    for (auto const& bucket : counters.durations) timed += bucket.get();
    CHECK(timed == 2);
    CHECK(client.ask(get("/echo")).status == 200);
    CHECK(counters.bytes_out.get() > 400);
}

TEST_SUITE_END();
