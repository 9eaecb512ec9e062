#include "io/ws_client.hpp"

#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <array>

using namespace macp;
using namespace std::chrono_literals;
using core::ErrorCode;
using testing::Peer;
using testing::ScriptedServer;

namespace {

struct Bench {
    core::Result<io::WsOpening> open(io::WsOptions options) {
        options.connect = options.handshake = options.send = 1h;
        return testing::run_on(loop, io::WsClient::open(loop.get_executor(), std::move(options)));
    }
    void connect(io::WsOptions options) {
        auto opening = open(std::move(options));
        REQUIRE(opening);
        REQUIRE(opening->socket);
        socket = std::move(opening->socket);
    }
    core::Result<std::string> read() { return testing::run_on(loop, socket->read()); }

    boost::asio::io_context loop{1};
    std::unique_ptr<io::WsClient> socket;
};

}  // namespace

TEST_SUITE_BEGIN("io: WebSocket client");

TEST_CASE("upgrades with its headers and sub-protocol, and exchanges messages") {
    std::string request;
    ScriptedServer server{{[&](Peer& peer) {
        request = peer.upgrade("two");
        peer.send_text(peer.read_text() + "!");
        peer.read_text();
    }}};
    Bench bench;
    bench.connect(
        {.url = server.url() + "/ws?x=1", .headers = {{"Authorization", "Bearer t"}}, .subprotocols = "one, two"}
    );
    CHECK(bench.socket->subprotocol() == "two");
    REQUIRE(testing::run_on(bench.loop, bench.socket->send("hello")));
    CHECK(bench.read() == "hello!");
    CHECK(request.starts_with("GET /ws?x=1 HTTP/1.1\r\n"));
    CHECK(request.find("Authorization: Bearer t\r\n") != std::string::npos);
    CHECK(request.find("Sec-WebSocket-Protocol: one, two\r\n") != std::string::npos);
}

TEST_CASE("hands out the answer that refused the upgrade") {
    ScriptedServer server{{[](Peer& peer) {
        peer.read_request();
        peer.answer("401 Unauthorized", R"({"detail":"who are you"})");
    }}};
    Bench bench;
    auto const opening = bench.open({.url = server.url()});
    REQUIRE(opening);
    CHECK_FALSE(opening->socket);
    CHECK(opening->refusal.status == 401);
    CHECK(opening->refusal.body == R"({"detail":"who are you"})");
}

TEST_CASE("tells how the server closed") {
    ScriptedServer::Script script = [](Peer& peer) {
        peer.upgrade();
        peer.send_close(4400, "no such op");
    };
    std::uint16_t code = 4400;
    std::string reason = "no such op";
    SUBCASE("with a code") {}
    SUBCASE("just gone") {
        script = [](Peer& peer) { peer.upgrade(); };
        code = 1006;
        reason = "";
    }
    ScriptedServer server{{script}};
    Bench bench;
    bench.connect({.url = server.url(), .idle = 1h});
    auto const message = bench.read();
    REQUIRE_FALSE(message);
    CHECK(message.error().code == ErrorCode::Unavailable);
    CHECK(bench.socket->close_code() == code);
    CHECK(bench.socket->close_reason() == reason);
}

TEST_CASE("answers pings while it reads") {
    std::size_t pongs = 0;
    ScriptedServer server{{[&](Peer& peer) {
        peer.upgrade();
        peer.send_ping();
        peer.send_text("go");
        peer.read_text();
        pongs = peer.pongs();
        peer.send_text("done");
    }}};
    Bench bench;
    bench.connect({.url = server.url(), .idle = 1h});
    REQUIRE(bench.read() == "go");
    REQUIRE(testing::run_on(bench.loop, bench.socket->send("x")));
    REQUIRE(bench.read() == "done");
    CHECK(pongs == 1);
}

TEST_CASE("gives up on a silent server") {
    ScriptedServer server{{[](Peer& peer) {
        peer.upgrade();
        peer.wait_for_close();
    }}};
    Bench bench;
    bench.connect({.url = server.url(), .idle = 20ms});
    auto const message = bench.read();
    REQUIRE_FALSE(message);
    CHECK(message.error().code == ErrorCode::Timeout);
}

TEST_CASE("refuses a message over its limit") {
    ScriptedServer server{{[](Peer& peer) {
        peer.upgrade();
        peer.send_text("12345678901");
        peer.wait_for_close();
    }}};
    Bench bench;
    bench.connect({.url = server.url(), .idle = 1h, .message_bytes = 10});
    auto const message = bench.read();
    REQUIRE_FALSE(message);
    CHECK(message.error().code == ErrorCode::TooLarge);
}

TEST_CASE("closes politely, and in bounded time when the server does not answer") {
    bool answers = true;
    SUBCASE("answered") {}
    SUBCASE("not answered") {
        answers = false;
    }
    ScriptedServer server{{[&](Peer& peer) {
        peer.upgrade();
        if (answers) return peer.wait_for_close();
        std::array<char, 64> piece{};
        boost::system::error_code error;
        while (!error) peer.read_some(boost::asio::buffer(piece), error);
    }}};
    Bench bench;
    bench.connect({.url = server.url(), .idle = 1h});
    auto close = [](io::WsClient& socket, std::chrono::milliseconds limit) -> async::Task<bool> {
        co_await socket.close(1000, "bye", limit);
        co_return true;
    };
    CHECK(testing::run_on(bench.loop, close(*bench.socket, answers ? 1h : 20ms)));
}

TEST_SUITE_END();
