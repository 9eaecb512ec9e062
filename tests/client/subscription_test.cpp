#include "client/subscription.hpp"

#include "support/manual_clock.hpp"
#include "support/scripted_server.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

using namespace macp;
using namespace std::chrono_literals;
using core::ErrorCode;
using testing::Peer;
using testing::ScriptedServer;

namespace {

std::string event(core::Seq seq) {
    return R"({"op":"event","event":{"specversion":"1.0","id":"i","seq":)" + std::to_string(seq) +
           R"(,"source":"/s","type":"t","data":{"n":1}}})";
}

std::string hello(std::string const& epoch, core::Seq seq, unsigned heartbeat = 3600) {
    return R"({"op":"hello","epoch":")" + epoch + R"(","seq":)" + std::to_string(seq) +
           R"(,"version":"9","heartbeat_seconds":)" + std::to_string(heartbeat) + "}";
}

/// Greets, takes the command, and acknowledges it. Returns the command.
nlohmann::json begin(Peer& peer, std::string const& epoch, core::Seq seq) {
    peer.upgrade("macp.v1.ndjson");
    peer.send_text(hello(epoch, seq));
    auto const command = peer.read_text();
    peer.send_text(R"({"op":"ack","id":"1"})");
    return nlohmann::json::parse(command, nullptr, false);
}

/// Stops a subscription that has been running for far too long, so that a bug fails instead of hanging.
class Guard {
public:
    explicit Guard(client::Subscription& subscription)
        : thread_{[this, &subscription] {
              std::unique_lock lock{mutex_};
              if (over_.wait_for(lock, 60s, [this] { return done_; })) return;
              fired_ = true;
              subscription.stop();
          }} {}
    ~Guard() {
        {
            auto const lock = std::scoped_lock{mutex_};
            done_ = true;
        }
        over_.notify_all();
        thread_.join();
        CHECK_MESSAGE(!fired_, "the subscription did not come to its end");
    }

private:
    std::mutex mutex_;
    std::condition_variable over_;
    bool done_ = false;
    bool fired_ = false;
    std::thread thread_;
};

/// A subscription that waits at most a moment between connections, and what it was told.
struct Bench {
    explicit Bench(std::string url) {
        options.url = std::move(url);
        options.connect_timeout = 1h;
        options.backoff = {.base = 1ms, .cap = 1ms};
        handlers.on_event = [this](client::Event const& got, std::string const& position) {
            seen.push_back(position);
            CHECK(got.data() == R"({"n":1})");
            if (seen.size() == enough) subscription->stop();
        };
        handlers.on_gap = [this](core::Gap const& gap) { gaps.push_back(gap); };
        handlers.on_connect = [this](client::Connected const& connected) { greetings.push_back(connected); };
        handlers.on_disconnect = [this](core::Error const& why, auto) { losses.push_back(why); };
    }
    core::Result<void> run(std::size_t events) {
        enough = events;
        Guard const guard{open()};
        return subscription->run();
    }
    client::Subscription& open() { return subscription.emplace(options, handlers); }

    client::SubscriptionOptions options;
    client::SubscriptionHandlers handlers;
    std::optional<client::Subscription> subscription;
    std::size_t enough = 0;
    std::vector<std::string> seen;
    std::vector<core::Gap> gaps;
    std::vector<client::Connected> greetings;
    std::vector<core::Error> losses;
};

using Seen = std::vector<std::string>;

}  // namespace

TEST_SUITE_BEGIN("client: subscription");

TEST_CASE("subscribes as its options say") {
    std::string request;
    nlohmann::json command;
    ScriptedServer server{{[&](Peer& peer) {
        request = peer.upgrade("macp.v1");
        peer.send_text(hello("e", 7));
        command = nlohmann::json::parse(peer.read_text(), nullptr, false);
        peer.send_text(event(8));
        peer.wait_for_close();
    }}};
    Bench bench{server.url()};
    bench.options.token = "s3cret";
    bench.options.channels = {"events", "telemetry"};
    bench.options.types = {"task.*"};
    bench.options.where = {{"repo_name", "x"}};
    bench.options.since = "e:3";
    bench.options.batched = false;
    REQUIRE(bench.run(1));
    CHECK(request.starts_with("GET /ws HTTP/1.1\r\n"));
    CHECK(request.find("Authorization: Bearer s3cret\r\n") != std::string::npos);
    CHECK(request.find("Sec-WebSocket-Protocol: macp.v1\r\n") != std::string::npos);
    CHECK(
        command ==
        nlohmann::json::parse(R"({"op":"subscribe","id":"1","channels":["events","telemetry"],"types":["task.*"],)"
                              R"("where":{"repo_name":"x"},"since":"e:3","interval_ms":1000})")
    );
    REQUIRE(bench.greetings.size() == 1);
    CHECK(bench.greetings[0].version == "9");
    CHECK(bench.greetings[0].subprotocol == "macp.v1");
    CHECK(bench.subscription->position() == "e:8");
}

TEST_CASE("resumes after the last event, and gives each once and in order") {
    std::vector<nlohmann::json> commands;
    ScriptedServer server{{
        [&](Peer& peer) {  // breaks off in the middle
            commands.push_back(begin(peer, "e", 10));
            peer.send_text(event(11) + "\n" + event(13));
        },
        [&](Peer& peer) {  // drains, and has sent one again
            commands.push_back(begin(peer, "e", 20));
            peer.send_text(event(13) + "\n" + event(14));
            peer.send_close(1001, "going away");
        },
        [](Peer& peer) { peer.read_request(); },  // not even an upgrade
        [](Peer& peer) {
            peer.read_request();
            peer.answer("503 Service Unavailable", R"({"detail":"starting"})");
        },
        [&](Peer& peer) {
            commands.push_back(begin(peer, "e", 20));
            peer.send_text(event(15));
            peer.wait_for_close();
        },
    }};
    Bench bench{server.url()};
    REQUIRE(bench.run(4));
    CHECK(bench.seen == Seen{"e:11", "e:13", "e:14", "e:15"});
    REQUIRE(commands.size() == 3);
    CHECK(commands[0]["since"] == "e:10");  // `now`, made exact
    CHECK(commands[1]["since"] == "e:13");
    CHECK(commands[2]["since"] == "e:14");
    REQUIRE(bench.losses.size() == 4);
    CHECK(bench.losses[1].message.find("1001: going away") != std::string::npos);
    CHECK(bench.losses[3].message == "starting");
}

TEST_CASE("loses nothing between a first connection without events and the next") {
    std::vector<nlohmann::json> commands;
    ScriptedServer server{{
        [&](Peer& peer) { commands.push_back(begin(peer, "e", 10)); },
        [&](Peer& peer) {
            commands.push_back(begin(peer, "e", 12));
            peer.send_text(event(11) + "\n" + event(12));
            peer.wait_for_close();
        },
    }};
    Bench bench{server.url()};
    REQUIRE(bench.run(2));
    CHECK(commands.at(1)["since"] == "e:10");
    CHECK(bench.seen == Seen{"e:11", "e:12"});
}

TEST_CASE("reads a new log from its start, after saying so") {
    std::vector<nlohmann::json> commands;
    ScriptedServer server{{
        [&](Peer& peer) {
            commands.push_back(begin(peer, "old", 5));
            peer.send_text(event(6));
        },
        [&](Peer& peer) { commands.push_back(begin(peer, "new", 2)); },  // gone before it could tell of the gap
        [&](Peer& peer) {
            commands.push_back(begin(peer, "new", 2));
            peer.send_text(
                R"({"op":"gap","from":1,"to":6,"why":"epoch"})"
                "\n" +
                event(1) + "\n" + event(2)
            );
            peer.wait_for_close();
        },
    }};
    Bench bench{server.url()};
    REQUIRE(bench.run(3));
    CHECK(commands.at(1)["since"] == "old:6");
    CHECK(commands.at(2)["since"] == "old:6");
    CHECK(bench.seen == Seen{"old:6", "new:1", "new:2"});
    CHECK(bench.gaps == std::vector<core::Gap>{{.from = 1, .to = 6, .why = "epoch"}});
}

TEST_CASE("hands telemetry, gaps and other messages to their handlers") {
    ScriptedServer server{{[](Peer& peer) {
        begin(peer, "e", 0);
        peer.send_text(R"({"op":"telemetry","data":{"cpu":1}})");
        peer.send_text(R"({"op":"gap","from":1,"to":4,"why":"retention"})");
        peer.send_text(R"({"op":"log","lines":[]})");
        peer.send_text(event(5));
        peer.wait_for_close();
    }}};
    Bench bench{server.url()};
    std::string telemetry;
    std::string other;
    bench.handlers.on_telemetry = [&](std::string_view data) { telemetry = data; };
    bench.handlers.on_other = [&](std::string_view text) { other = text; };
    REQUIRE(bench.run(1));
    CHECK(telemetry == R"({"cpu":1})");
    CHECK(other == R"({"op":"log","lines":[]})");
    CHECK(bench.gaps == std::vector<core::Gap>{{.from = 1, .to = 4, .why = "retention"}});
}

TEST_CASE("ends with an error when trying again cannot help") {
    ErrorCode expected = ErrorCode::Forbidden;
    std::string message;
    ScriptedServer::Script script;
    std::size_t message_bytes = 1 << 20;
    SUBCASE("the token was revoked") {
        message = "1008: token revoked";
        script = [](Peer& peer) {
            begin(peer, "e", 0);
            peer.send_close(1008, "token revoked");
        };
    }
    SUBCASE("a bad command") {
        expected = ErrorCode::InvalidField;
        message = "4400: no such channel";
        script = [](Peer& peer) {
            begin(peer, "e", 0);
            peer.send_close(4400, "no such channel");
        };
    }
    SUBCASE("the command is refused") {
        expected = ErrorCode::InvalidField;
        message = "types must be a list";
        script = [](Peer& peer) {
            peer.upgrade();
            peer.send_text(hello("e", 0));
            peer.read_text();
            peer.send_text(R"({"op":"error","id":"1","error":"types must be a list"})");
            peer.wait_for_close();
        };
    }
    SUBCASE("no token") {
        expected = ErrorCode::Unauthorized;
        message = "who are you";
        script = [](Peer& peer) {
            peer.read_request();
            peer.answer("401 Unauthorized", R"({"detail":"who are you"})");
        };
    }
    SUBCASE("a frame over the limit") {
        expected = ErrorCode::TooLarge;
        message = "larger than allowed";
        message_bytes = 100;
        script = [](Peer& peer) {
            begin(peer, "e", 0);
            peer.send_text(event(1) + "\n" + event(2));
            peer.wait_for_close();
        };
    }
    ScriptedServer server{{script}};
    Bench bench{server.url()};
    bench.options.message_bytes = message_bytes;
    auto const end = bench.run(1);
    REQUIRE_FALSE(end);
    CHECK(end.error().code == expected);
    CHECK_MESSAGE(end.error().message.find(message) != std::string::npos, end.error().message);
    CHECK(server.connections() == 1);
}

TEST_CASE("reconnects after messages that make no sense, after what came before them") {
    ScriptedServer server{{
        [](Peer& peer) {
            begin(peer, "e", 0);
            peer.send_text(event(1));
            peer.send_text("nonsense");
            peer.wait_for_close();
        },
        [](Peer& peer) {
            begin(peer, "e", 0);
            peer.send_text(event(2));
            peer.wait_for_close();
        },
    }};
    Bench bench{server.url()};
    REQUIRE(bench.run(2));
    CHECK(bench.seen == Seen{"e:1", "e:2"});
    CHECK(bench.losses.size() == 1);
}

TEST_CASE("leaves a gateway that has gone silent") {
    ScriptedServer::Script silent = [](Peer& peer) {  // never says hello
        peer.upgrade();
        peer.wait_for_close();
    };
    auto const useful = [](Peer& peer) {
        begin(peer, "e", 0);
        peer.send_text(event(1));
        peer.wait_for_close();
    };
    auto limit = std::chrono::milliseconds{300};
    SUBCASE("before it said anything") {}
    SUBCASE("for three heartbeats") {
        limit = 1h;
        silent = [](Peer& peer) {
            peer.upgrade();
            peer.send_text(hello("e", 0, 1));
            peer.wait_for_close();
        };
    }
    std::vector<ScriptedServer::Script> scripts(20, useful);  // on a busy machine, more than one may be too slow
    scripts[0] = silent;
    ScriptedServer server{scripts};
    Bench bench{server.url()};
    bench.options.connect_timeout = limit;
    REQUIRE(bench.run(1));
    REQUIRE_FALSE(bench.losses.empty());
    CHECK(bench.losses[0].code == ErrorCode::Timeout);
}

TEST_CASE("backs off further until a connection proves good") {
    auto const barely = [](Peer& peer) { begin(peer, "e", 0); };
    auto const useful = [](Peer& peer) {
        begin(peer, "e", 0);
        peer.send_text(event(1));
    };
    auto const last = [](Peer& peer) {
        begin(peer, "e", 0);
        peer.send_text(event(2));
        peer.wait_for_close();
    };
    ScriptedServer server{{barely, barely, barely, useful, barely, last}};
    Bench bench{server.url()};
    testing::ManualClock clock;
    bench.options.clock = &clock;
    bench.options.backoff = {.base = 2ms, .cap = 1h, .random = [] { return 0.5; }};
    std::vector<std::chrono::milliseconds> pauses;
    bench.handlers.on_disconnect = [&](core::Error const&, auto pause) { pauses.push_back(pause); };
    bool steady = false;
    SUBCASE("by an event") {}
    SUBCASE("or by lasting") {
        steady = true;
        std::size_t connections = 0;
        bench.handlers.on_connect = [&, connections](auto const&) mutable {
            if (++connections == 3) clock.advance(11s);
        };
    }
    REQUIRE(bench.run(2));
    auto const third = steady ? 1ms : 4ms;
    std::vector<std::chrono::milliseconds> const expected{1ms, 2ms, third, 1ms, 2ms};
    CHECK(pauses == expected);
}

TEST_CASE("waits as long as a refusal asks") {
    ScriptedServer server{{[](Peer& peer) {
        peer.read_request();
        peer.answer("503 Service Unavailable", "{}", "Retry-After: 1800\r\n");
    }}};
    Bench bench{server.url()};
    std::chrono::milliseconds pause{0};
    bench.handlers.on_disconnect = [&](core::Error const&, auto wait) {
        pause = wait;
        bench.subscription->stop();
    };
    REQUIRE(bench.run(1));
    CHECK(pause == 30min);
}

TEST_CASE("fails at once when nobody is there, if told to; else keeps trying") {
    Bench bench{"http://127.0.0.1:" + std::to_string(testing::closed_port())};
    SUBCASE("fail fast") {
        bench.options.fail_fast = true;
        auto const end = bench.run(1);
        REQUIRE_FALSE(end);
        CHECK(client::is_unreachable(end.error()));
    }
    SUBCASE("keep trying") {
        bench.handlers.on_disconnect = [&, tries = 0](core::Error const& why, auto) mutable {
            CHECK(client::is_unreachable(why));
            if (++tries == 5) bench.subscription->stop();
        };
        CHECK(bench.run(1));
    }
}

TEST_CASE("gives the next event on request, and nothing when there is none in time") {
    ScriptedServer server{{[](Peer& peer) {
        begin(peer, "e", 4);
        peer.send_text(event(5) + "\n" + event(6));
        peer.wait_for_close();
    }}};
    Bench bench{server.url()};
    auto& subscription = bench.open();
    CHECK(subscription.position() == "now");
    auto const first = subscription.next(1h);
    REQUIRE((first && *first));
    CHECK((*first)->seq == 5);
    CHECK(subscription.position() == "e:5");  // 6 has come, but was not handed over
    auto const second = subscription.next(1h);
    REQUIRE((second && *second));
    CHECK((*second)->seq == 6);
    auto const none = subscription.next(1ms);
    REQUIRE(none);
    CHECK_FALSE(*none);
    CHECK(bench.seen.empty());
}

TEST_CASE("says goodbye when stopped, from another thread too") {
    std::uint16_t closed_with = 0;
    std::atomic<bool> subscribed = false;
    std::optional<ScriptedServer> server;
    server.emplace(std::vector<ScriptedServer::Script>{[&](Peer& peer) {
        begin(peer, "e", 0);
        subscribed = true;
        subscribed.notify_all();
        peer.wait_for_close();
        closed_with = peer.close_code();
    }});
    Bench bench{server->url()};
    auto& subscription = bench.open();
    std::jthread const stopper{[&] {
        subscribed.wait(false);
        subscription.stop();
    }};
    CHECK(subscription.run());
    CHECK(subscription.run());  // for good
    CHECK(subscription.next(1h).value() == std::nullopt);
    server.reset();
    CHECK(closed_with == 1000);
}

TEST_CASE("can be stopped before it runs, and dropped in any state") {
    ScriptedServer server{
        {[](Peer& peer) {
             begin(peer, "e", 0);
             peer.send_text(event(1));
             peer.wait_for_close();
         },
         [](Peer& peer) { peer.wait_for_close(); }}
    };
    Bench bench{server.url()};
    SUBCASE("stopped before") {
        bench.open().stop();
        CHECK(bench.subscription->run());
        CHECK(server.connections() == 0);
    }
    SUBCASE("never run") {
        bench.open();
    }
    SUBCASE("connected") {
        CHECK(bench.open().next(1h));
    }
    SUBCASE("connecting") {
        CHECK(bench.open().next(0ms));
    }
    SUBCASE("waiting to connect again") {
        bench.options.url = "http://127.0.0.1:" + std::to_string(testing::closed_port());
        bench.options.backoff = {.base = 1h, .cap = 1h};
        CHECK(bench.open().next(50ms));
    }
}

TEST_CASE("lets out what a handler throws, and goes on with the next event") {
    ScriptedServer server{{[](Peer& peer) {
        begin(peer, "e", 0);
        peer.send_text(event(1) + "\n" + event(2));
        peer.wait_for_close();
    }}};
    Bench bench{server.url()};
    std::vector<core::Seq> seen;
    bench.handlers.on_event = [&](client::Event const& got, std::string const&) {
        seen.push_back(got.seq);
        if (got.seq == 1) throw std::runtime_error{"no"};
        bench.subscription->stop();
    };
    auto& subscription = bench.open();
    CHECK_THROWS_AS(static_cast<void>(subscription.run()), std::runtime_error);
    CHECK(subscription.run());
    CHECK(seen == std::vector<core::Seq>{1, 2});
}

TEST_CASE("refuses bad options before it connects") {
    Bench bench{"localhost"};
    CHECK(bench.run(1).error().code == ErrorCode::InvalidField);
    bench.options.url = "http://127.0.0.1:1";
    bench.options.since = "yesterday";
    CHECK(bench.run(1).error().field == "since");
}

TEST_SUITE_END();
