#include "io/http_client.hpp"

#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace macp;
using namespace std::chrono_literals;
using core::ErrorCode;
using testing::Peer;
using testing::ScriptedServer;

namespace {

/// Every limit an hour; a test shortens the one that it is about.
io::HttpClientOptions patient() {
    io::HttpClientOptions options;
    options.timeouts = {.connect = 1h, .handshake = 1h, .send = 1h, .answer = 1h, .idle = 1h, .total = 1h};
    options.keep_idle = 1h;
    return options;
}

struct Bench {
    explicit Bench(io::HttpClientOptions options = patient()) : client{loop.get_executor(), std::move(options)} {}
    core::Result<io::HttpResponse> send(io::HttpRequest request) {
        return testing::run_on(loop, client.request(std::move(request)));
    }
    core::Result<io::HttpResponse> get(std::string url) {
        io::HttpRequest request{.url = std::move(url)};
        return send(std::move(request));
    }
    boost::asio::io_context loop{1};
    io::HttpClient client;
};

}  // namespace

TEST_SUITE_BEGIN("io: HTTP client");

TEST_CASE("sends a request as HTTP/1.1 and gives status, headers and body of its answer") {
    std::string seen;
    ScriptedServer server{{[&](Peer& peer) {
        seen = peer.read_request();
        peer.answer("202 Accepted", R"({"a":1})", "X-Thing: 7\r\n");
    }}};
    Bench bench;
    io::HttpRequest request{
        .method = "POST", .url = server.url() + "/x?y=1", .headers = {{"X-Mine", "m"}}, .body = "hello"
    };
    auto const answer = bench.send(std::move(request));
    REQUIRE(answer);
    CHECK(answer->status == 202);
    CHECK(answer->body == R"({"a":1})");
    CHECK(answer->header("x-thing") == "7");
    CHECK(seen.starts_with("POST /x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
    CHECK(seen.find("X-Mine: m\r\n") != std::string::npos);
    CHECK(seen.ends_with("Content-Length: 5\r\n\r\nhello"));
}

TEST_CASE("puts chunks together and passes interim answers") {
    ScriptedServer server{{[](Peer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n");
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        peer.send("4\r\ndefg\r\n0\r\n\r\n");
    }}};
    auto const answer = Bench{}.get(server.url());
    REQUIRE(answer);
    CHECK(answer->body == "abcdefg");
}

TEST_CASE("reads a body that ends with the connection, and does not keep that") {
    ScriptedServer server{{[](Peer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\n\r\nall of it");
    }}};
    Bench bench;
    auto const answer = bench.get(server.url());
    REQUIRE(answer);
    CHECK(answer->body == "all of it");
    CHECK(bench.client.idle() == 0);
}

TEST_CASE("uses a kept-alive connection again") {
    ScriptedServer server{{[](Peer& peer) {
        for (auto const* body : {"1", "2"}) {
            peer.read_request();
            peer.answer(body);
        }
    }}};
    Bench bench;
    CHECK(bench.get(server.url())->body == "1");
    CHECK(bench.client.idle() == 1);
    CHECK(bench.get(server.url())->body == "2");
    CHECK(server.connections() == 1);
}

TEST_CASE("does not keep a connection that the server wants closed") {
    ScriptedServer server{{[](Peer& peer) {
        peer.read_request();
        peer.answer("200 OK", "1", "Connection: close\r\n");
    }}};
    Bench bench;
    CHECK(bench.get(server.url())->body == "1");
    CHECK(bench.client.idle() == 0);
}

TEST_CASE("sends a request again only when that is harmless") {
    auto const dies_on_second = [](Peer& peer) {
        peer.read_request();
        peer.answer("1");
        peer.read_request();
    };
    auto const lives = [](Peer& peer) {
        peer.read_request();
        peer.answer("2");
    };
    ScriptedServer server{{dies_on_second, lives}};
    Bench bench;
    REQUIRE(bench.get(server.url()));
    io::HttpRequest request{.url = server.url()};
    SUBCASE("a GET") {}
    SUBCASE("a POST that says so") {
        request.method = "POST";
        request.repeatable = true;
    }
    SUBCASE("not another POST") {
        request.method = "POST";
        auto const answer = bench.send(std::move(request));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == ErrorCode::Unavailable);
        CHECK(server.connections() == 1);
        return;
    }
    auto const answer = bench.send(std::move(request));
    REQUIRE(answer);
    CHECK(answer->body == "2");
    CHECK(server.connections() == 2);
}

TEST_CASE("gives up in the phase whose time is up") {
    auto options = patient();
    ErrorCode expected = ErrorCode::Timeout;
    std::string phase;
    bool tls = false;
    ScriptedServer::Script script = [](Peer& peer) { peer.wait_for_close(); };
    SUBCASE("the answer") {
        options.timeouts.answer = 20ms;
        phase = "to answer";
    }
    SUBCASE("the body") {
        options.timeouts.idle = 20ms;
        phase = "to send its body";
        script = [](Peer& peer) {
            peer.read_request();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
            peer.wait_for_close();
        };
    }
    SUBCASE("all of it") {
        options.timeouts.total = 20ms;
        phase = "to answer";
    }
    SUBCASE("the TLS handshake") {
        options.timeouts.handshake = 20ms;
        phase = "the TLS handshake took too long";
        expected = ErrorCode::Unavailable;
        tls = true;
    }
    ScriptedServer server{{script}};
    auto const answer = Bench{options}.get((tls ? "https" : "http") + server.url().substr(4));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == expected);
    CHECK_MESSAGE(answer.error().message.find(phase) != std::string::npos, answer.error().message);
}

TEST_CASE("refuses an answer over its limits") {
    auto options = patient();
    options.response_bytes = 10;
    options.header_bytes = 200;
    std::string bytes;
    SUBCASE("a stated length") {
        bytes = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890";
    }
    SUBCASE("chunks") {
        bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n";
    }
    SUBCASE("until the end") {
        bytes = "HTTP/1.1 200 OK\r\n\r\n01234567890";
    }
    SUBCASE("the header") {
        bytes = "HTTP/1.1 200 OK\r\nX: " + std::string(300, 'x') + "\r\nContent-Length: 0\r\n\r\n";
    }
    ScriptedServer server{{[&](Peer& peer) {
        peer.read_request();
        peer.send(bytes);
    }}};
    auto const answer = Bench{options}.get(server.url());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::TooLarge);
}

TEST_CASE("hands a body to its sink without a limit, and stops when the sink has enough") {
    auto options = patient();
    options.response_bytes = 10;
    std::string const body(300'000, 'b');
    auto const script = [&](Peer& peer) {
        peer.read_request();
        peer.answer(body);
    };
    ScriptedServer server{{script, script}};
    Bench bench{options};
    std::size_t taken = 0;
    io::HttpRequest all{.url = server.url()};
    all.sink = [&](std::string_view piece) {
        taken += piece.size();
        return core::Result<void>{};
    };
    auto const whole = bench.send(std::move(all));
    REQUIRE(whole);
    CHECK(taken == body.size());
    CHECK(whole->body.empty());

    io::HttpRequest one_piece{.url = server.url()};
    one_piece.sink = [](std::string_view) { return core::Result<void>{core::fail(ErrorCode::Conflict, "enough")}; };
    auto const part = bench.send(std::move(one_piece));
    REQUIRE_FALSE(part);
    CHECK(part.error().message == "enough");
}

TEST_CASE("keeps the body of a refusal from the sink") {
    ScriptedServer server{{[](Peer& peer) {
        peer.read_request();
        peer.answer("409 Conflict", "why");
    }}};
    io::HttpRequest request{.url = server.url()};
    request.sink = [](std::string_view) {
        return core::Result<void>{core::fail(ErrorCode::Internal, "not for the sink")};
    };
    Bench bench;
    auto const answer = bench.send(std::move(request));
    REQUIRE(answer);
    CHECK(answer->body == "why");
}

TEST_CASE("bounds the body of a refusal, sink or not") {
    auto options = patient();
    options.response_bytes = 10;
    ScriptedServer server{{[](Peer& peer) {
        peer.read_request();
        peer.answer("409 Conflict", std::string(1000, 'x'));
    }}};
    io::HttpRequest request{.url = server.url()};
    request.sink = [](std::string_view) { return core::Result<void>{}; };
    Bench bench{options};
    auto const answer = bench.send(std::move(request));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::TooLarge);
}

TEST_CASE("follows no redirect") {
    ScriptedServer server{{[](Peer& peer) {
        peer.read_request();
        peer.answer("302 Found", "", "Location: /elsewhere\r\n");
    }}};
    auto const answer = Bench{}.get(server.url());
    REQUIRE(answer);
    CHECK(answer->status == 302);
    CHECK(server.connections() == 1);
}

TEST_CASE("says whom it could not reach") {
    auto const url = "http://127.0.0.1:" + std::to_string(testing::closed_port());
    auto const answer = Bench{}.get(url);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::Unavailable);
    CHECK(answer.error().message == "cannot reach " + url + ": Connection refused");
}

TEST_CASE("sends no header that would break out of its line") {
    for (auto const& [name, value] : io::Headers{{"A", "b\r\nC: d"}, {"A\r\nB", "c"}, {"", "x"}, {"A b", "x"}}) {
        io::HttpRequest request{.url = "http://127.0.0.1:1", .headers = {{name, value}}};
        Bench bench;
        auto const answer = bench.send(std::move(request));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == ErrorCode::InvalidField);
    }
}

TEST_CASE("cuts an answer off when only its head is wanted") {
    auto options = patient();
    options.response_bytes = 100'000;
    std::string sent;
    bool kept = false;
    SUBCASE("a small one is read to its end, and the connection kept") {
        sent = "HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + std::string(50'000, 'b');
        kept = true;
    }
    SUBCASE("one that never ends") {
        sent = "HTTP/1.1 200 OK\r\n\r\n" + std::string(1'000'000, 'b');
    }
    SUBCASE("one that states too great a length") {
        sent = "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n" + std::string(200'000, 'b');
    }
    ScriptedServer server{{[&](Peer& peer) {
        peer.read_request();
        peer.send(sent);
        peer.wait_for_close();
    }}};
    io::HttpRequest request{.url = server.url()};
    request.body_head = 10;
    Bench bench{options};
    auto const answer = bench.send(std::move(request));
    REQUIRE_MESSAGE(answer, answer.error().message);
    CHECK(answer->status == 200);
    CHECK(answer->body == "bbbbbbbbbb");
    CHECK(bench.client.idle() == (kept ? 1 : 0));
}

TEST_CASE("uses no more connections to a host at once than it may") {
    constexpr std::size_t requests = 6;
    auto options = patient();
    options.host_connections = 2;
    std::atomic<int> arrived{0};
    auto const script = [&](Peer& peer) {
        while (!peer.read_request().empty()) {
            ++arrived;
            while (arrived < 2) std::this_thread::yield();  // the first waits for its neighbour
            peer.answer("ok");
        }
    };
    ScriptedServer server{std::vector<ScriptedServer::Script>(requests, script)};
    ScriptedServer other{{script}};
    Bench bench{options};
    std::size_t answered = 0;
    for (std::size_t i = 0; i < requests; ++i) {
        io::HttpRequest request{.url = server.url()};
        boost::asio::co_spawn(bench.loop, bench.client.request(std::move(request)), [&](auto, auto const& answer) {
            if (answer) ++answered;
            if (answered == requests) bench.loop.stop();
        });
    }
    bench.loop.run_for(20s);
    CHECK(answered == requests);
    CHECK(server.connections() == 2);
    CHECK(bench.get(other.url()));  // another host has connections of its own
}

TEST_CASE("waits for a free connection no longer than a request may take") {
    auto options = patient();
    options.host_connections = 1;
    ScriptedServer server{{[](Peer& peer) { peer.wait_for_close(); }}};
    Bench bench{options};
    io::HttpRequest holder{.url = server.url()};
    boost::asio::co_spawn(bench.loop, bench.client.request(std::move(holder)), [](auto, auto const&) {});
    io::HttpRequest second{.url = server.url()};
    second.timeouts = options.timeouts;
    second.timeouts->total = 20ms;
    auto const answer = bench.send(std::move(second));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::Timeout);
    CHECK(answer.error().message.find("took too long to have a connection free") != std::string::npos);
}

TEST_SUITE_END();
