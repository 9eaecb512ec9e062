#include "http/fixture.hpp"
#include "support/run.hpp"

#include <doctest/doctest.h>

#include <thread>

TEST_SUITE_BEGIN("http limits");

using namespace macp;
using std::chrono::milliseconds;
using testing::generous_limits;
using testing::get;
using testing::post;
using testing::route;
using testing::TestServer;

namespace {

core::Result<http::Response> count_body(http::Request const& request) {
    return http::Response{.content_type = "text/plain", .body = std::to_string(request.body.size())};
}

std::vector<http::Route> routes() {
    return {
        route("GET", "/count", count_body),
        route("POST", "/count", count_body, http::BodyLimit::Control),
        route("POST", "/bulk", count_body, http::BodyLimit::Bulk),
    };
}

async::Task<core::Result<http::Response>> wait_for_long(http::Request request) {
    async::Timer timer{request.shard->executor(), std::chrono::hours{1}};
    co_await timer.async_wait(async::nothrow);
    co_return core::fail(core::ErrorCode::Unavailable, "was cancelled");
}

async::Task<core::Result<http::Response>> hold_a_while(http::Request request) {
    async::Timer timer{request.shard->executor(), milliseconds{600}};
    auto const [error] = co_await timer.async_wait(async::nothrow);
    co_return http::json_response(error ? "cancelled" : "held");
}

}  // namespace

TEST_CASE("refuses headers over their limit with 431, wherever they end") {
    auto limits = generous_limits();
    limits.header_bytes = 1000;
    TestServer const server{routes(), limits};
    auto const filler = "X-Filler: " + std::string(900, 'x') + "\r\n";
    CHECK(server.connect().ask(get("/count", filler)).status == 200);
    CHECK(server.connect().ask(get("/count", filler + filler)).status == 431);
    auto client = server.connect();
    client.send("GET /count HTTP/1.1\r\nHost: localhost\r\n" + filler + filler);  // without an end
    auto const answer = client.read();
    CHECK(answer.status == 431);
    CHECK(answer.header("Connection") == "close");
    CHECK(answer.header("Content-Type") == "application/problem+json");
    client.finish_sending();
    CHECK(client.is_closed());

    auto slow = server.connect();
    slow.send("GET /count HTTP/1.1\r\nHost: localhost\r\n");
    for (int i = 0; i < 200; ++i) slow.send("X-A: 45\r\n");
    CHECK(slow.read().status == 431);
}

TEST_CASE("refuses long targets with 414, also when they never end") {
    auto limits = generous_limits();
    limits.target_bytes = 100;
    limits.header_bytes = 1000;
    TestServer const server{routes(), limits};
    CHECK(server.connect().ask(get("/count?" + std::string(90, 'x'))).status == 200);
    CHECK(server.connect().ask(get("/count?" + std::string(100, 'x'))).status == 414);
    CHECK(server.connect().ask("GET /" + std::string(2000, 'x')).status == 414);
}

TEST_CASE("refuses bodies over the limit of the route with 413, declared ones unread") {
    auto limits = generous_limits();
    limits.body_bytes = 1000;
    limits.bulk_body_bytes = 5000;
    TestServer const server{routes(), limits};
    CHECK(server.connect().ask(post("/count", std::string(1000, 'x'))).body == "1000");
    CHECK(server.connect().ask(post("/bulk", std::string(5000, 'x'))).body == "5000");
    CHECK(server.connect().ask(post("/bulk", std::string(5001, 'x'))).status == 413);

    auto declared = server.connect();
    auto const answer = declared.ask("POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n");
    CHECK(answer.status == 413);
    CHECK(answer.body.find("larger than 1000 bytes") != std::string::npos);
    declared.finish_sending();
    CHECK(declared.is_closed());

    auto chunked = server.connect();
    chunked.send("POST /count HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 11; ++i) chunked.send("64\r\n" + std::string(100, 'x') + "\r\n");
    CHECK(chunked.read().status == 413);

    CHECK(server.connect().ask("GET /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx").status == 413);
}

TEST_CASE("gets its refusal through to a client that is still sending") {
    auto limits = generous_limits();
    limits.body_bytes = 1000;
    TestServer const server{routes(), limits};
    auto client = server.connect();
    client.send(post("/count", std::string(std::size_t{4} << 20, 'x')));
    CHECK(client.read().status == 413);
    client.finish_sending();
    CHECK(client.is_closed());
    CHECK_FALSE(client.was_reset());
}

TEST_CASE("bounds what chunk headers and trailers may take") {
    auto limits = generous_limits();
    limits.header_bytes = 1000;
    TestServer const server{routes(), limits};
    std::string const head = "POST /count HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    CHECK(server.connect().ask(head + "1;" + std::string(5000, 'x')).status == 431);
    CHECK(server.connect().ask(head + "0\r\nX-A: " + std::string(5000, 'x')).status == 431);
}

TEST_CASE("answers 408 when a header does not come in time") {
    auto limits = generous_limits();
    limits.header_timeout = milliseconds{150};
    TestServer const server{routes(), limits};
    auto client = server.connect();
    CHECK(client.ask(get("/count")).status == 200);
    auto const answer = client.ask("GET /count HTT");
    CHECK(answer.status == 408);
    CHECK(answer.header("Connection") == "close");
    client.finish_sending();
    CHECK(client.is_closed());
}

TEST_CASE("holds no more bytes of bodies than allowed in all, and says 503 to who would go beyond") {
    auto limits = generous_limits();
    limits.all_bodies_bytes = std::size_t{1} << 20;
    TestServer server{routes(), limits, {}, 2};
    auto const begun = [](std::size_t length, std::size_t sent) {
        return "POST /bulk HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n" +
               std::string(sent, 'x');
    };
    auto first = server.connect();
    first.send(begun(900'000, 800'000));
    auto const bytes_in = [&] {
        std::uint64_t bytes = 0;
        for (auto const* const counters : server.server().counters()) bytes += counters->bytes_in.get();
        return bytes;
    };
    while (bytes_in() < 800'000) std::this_thread::yield();

    auto second = server.connect();
    auto const refused = second.ask(begun(300'000, 200'000));
    CHECK(refused.status == 503);
    CHECK(refused.header("Retry-After") == "1");
    CHECK(refused.header("Connection") == "close");
    CHECK(server.connect().ask(post("/count", "small")).body == "5");

    first.send(std::string(100'000, 'x'));
    CHECK(first.read().body == "900000");
    CHECK(server.connect().ask(post("/bulk", std::string(900'000, 'x'))).body == "900000");  // while `first` is open
}

TEST_CASE("answers 408 when a body does not come in time") {
    auto limits = generous_limits();
    limits.body_timeout = milliseconds{150};
    TestServer const server{routes(), limits};
    auto client = server.connect();
    CHECK(client.ask("POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n123").status == 408);
    client.finish_sending();
    CHECK(client.is_closed());
}

TEST_CASE("closes idle connections without a word") {
    auto limits = generous_limits();
    limits.idle_timeout = milliseconds{150};
    TestServer const server{routes(), limits};
    CHECK(server.connect().is_closed());
    auto client = server.connect();
    CHECK(client.ask(get("/count")).status == 200);
    CHECK(client.is_closed());
}

TEST_CASE("closes a connection whose peer takes nothing of the answer") {
    auto limits = generous_limits();
    limits.idle_timeout = milliseconds{150};
    auto const big = std::make_shared<std::string const>(std::size_t{64} << 20, 'x');
    TestServer server{{route("GET", "/big", [big](auto const&) { return http::Response{.shared = big}; })}, limits};
    auto client = server.connect();
    client.send(get("/big"));
    for (int i = 0; i < 100 && server.counters().connections.get() != 0; ++i) ::usleep(100'000);
    CHECK(server.counters().connections.get() == 0);
}

TEST_CASE("answers 504 when a handler takes too long, and the connection goes on") {
    auto limits = generous_limits();
    limits.request_timeout = milliseconds{150};
    std::vector<http::Route> all{
        {.method = "GET", .pattern = "/slow", .handler = wait_for_long},
        {.method = "GET", .pattern = "/poll", .handler = hold_a_while, .long_poll = true},
        route("GET", "/count", count_body),
    };
    TestServer const server{std::move(all), limits};
    auto client = server.connect();
    auto const answer = client.ask(get("/slow"));
    CHECK(answer.status == 504);
    CHECK(answer.body.find("/problems/timeout") != std::string::npos);
    CHECK(client.ask(get("/count")).status == 200);
    CHECK(client.ask(get("/slow")).status == 504);
    CHECK(client.ask(get("/count")).status == 200);
    CHECK(client.ask(get("/poll")).body == "held");
}

TEST_CASE("answers 503 over the limit of requests in flight") {
    auto limits = generous_limits();
    limits.max_in_flight = 1;
    std::vector<http::Route> all{
        {.method = "GET", .pattern = "/slow", .handler = wait_for_long}, route("GET", "/count", count_body)
    };
    TestServer server{std::move(all), limits};
    auto slow = server.connect();
    slow.send(get("/slow"));
    while (server.counters().in_flight.get() == 0) std::this_thread::yield();
    auto client = server.connect();
    auto const answer = client.ask(get("/count"));
    CHECK(answer.status == 503);
    CHECK(answer.header("Retry-After") == "1");
    CHECK_FALSE(answer.header("Connection"));
}

TEST_CASE("answers 503 over the limit of connections, and serves again when one has gone") {
    auto limits = generous_limits();
    limits.max_connections = 2;
    TestServer server{routes(), limits};
    auto first = server.connect();
    auto second = std::make_unique<testing::RawClient>(server.connect());
    CHECK(first.ask(get("/count")).status == 200);
    CHECK(second->ask(get("/count")).status == 200);
    {
        auto third = server.connect();
        auto const answer = third.ask(get("/count"));
        CHECK(answer.status == 503);
        CHECK(answer.header("Retry-After") == "1");
        CHECK(answer.header("Connection") == "close");
        third.finish_sending();
        CHECK(third.is_closed());
    }
    second.reset();
    while (server.counters().connections.get() != 1) std::this_thread::yield();
    CHECK(server.connect().ask(get("/count")).status == 200);
    CHECK(server.counters().refused.get() == 1);
}

TEST_SUITE_END();
