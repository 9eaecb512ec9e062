#include "http/fixture.hpp"
#include "http/transport.hpp"

#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include <thread>

TEST_SUITE_BEGIN("http drain");

using namespace macp;
using std::chrono::hours;
using std::chrono::milliseconds;
using testing::get;
using testing::route;
using testing::TestServer;

namespace {

/// Holds its handler until the shard drains.
async::Task<core::Result<http::Response>> wait_for_drain(http::Request request) {
    co_await request.shard->drain().wait();
    co_return http::json_response("finished");
}

async::Task<core::Result<http::Response>> wait_for_ever(http::Request request) {
    async::Timer timer{request.shard->executor(), hours{1}};
    co_await timer.async_wait(async::nothrow);
    co_return http::json_response("cancelled");
}

async::Task<> say_goodbye(async::Shard& shard, std::unique_ptr<http::Transport> transport) {
    co_await shard.drain().wait();
    co_await transport->write(std::string_view{"goodbye"});
}

async::Task<> stay_for_ever(std::unique_ptr<http::Transport> transport) {
    std::array<char, 64> bytes{};
    co_await transport->read_some(bytes);
}

core::Result<http::Response> take_over(http::Request const& request) {
    http::Response response{.status = 101};
    response.takeover = [shard = request.shard](auto transport, auto const&) {
        return say_goodbye(*shard, std::move(transport));
    };
    return response;
}

core::Result<http::Response> take_over_for_ever(http::Request const& /*request*/) {
    http::Response response{.status = 101};
    response.takeover = [](auto transport, auto const&) { return stay_for_ever(std::move(transport)); };
    return response;
}

std::vector<http::Route> routes() {
    return {
        route("GET", "/", [](auto const&) { return http::json_response("{}"); }),
        {.method = "GET", .pattern = "/hold", .handler = wait_for_drain},
        {.method = "GET", .pattern = "/stuck", .handler = wait_for_ever},
        route("GET", "/up", take_over),
        route("GET", "/up-for-ever", take_over_for_ever),
    };
}

void wait_for_flight(TestServer& server) {
    while (server.counters().in_flight.get() == 0) std::this_thread::yield();
}

}  // namespace

TEST_CASE("closes idle connections at once and accepts no more") {
    TestServer server{routes(), testing::generous_limits(), {}, 2};
    auto fresh = server.connect();
    auto used = server.connect();
    CHECK(used.ask(get("/")).status == 200);
    server.drain(hours{1});
    CHECK(fresh.is_closed());
    CHECK(used.is_closed());
    CHECK_THROWS(static_cast<void>(server.connect().ask(get("/"))));
}

TEST_CASE("finishes the request in progress and says that it was the last") {
    TestServer server{routes()};
    auto client = server.connect();
    client.send(get("/hold"));
    wait_for_flight(server);
    server.drain(hours{1});
    auto const answer = client.read();
    CHECK(answer.body == "finished");
    CHECK(answer.header("Connection") == "close");
    CHECK(client.is_closed());
}

TEST_CASE("lets those who took over end by themselves") {
    TestServer server{routes()};
    auto client = server.connect();
    client.send(get("/up"));
    while (server.counters().by_class[1].get() == 0) std::this_thread::yield();
    server.drain(hours{1});
    CHECK(client.read_to_end() == "goodbye");
}

TEST_CASE("cancels what is left when the grace is over") {
    TestServer server{routes()};
    auto stuck = server.connect();
    stuck.send(get("/stuck"));
    auto taken = server.connect();
    taken.send(get("/up-for-ever"));
    auto partial = server.connect();
    partial.send("GET / HT");
    wait_for_flight(server);
    while (server.counters().by_class[1].get() == 0) std::this_thread::yield();
    while (server.counters().bytes_in.get() != get("/stuck").size() + get("/up-for-ever").size() + 8) {
        std::this_thread::yield();
    }
    server.drain(milliseconds{50});
    CHECK(stuck.is_closed());
    CHECK(taken.is_closed());
    CHECK(partial.is_closed());
    CHECK(server.counters().connections.get() == 0);
}

TEST_SUITE_END();
