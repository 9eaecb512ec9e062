#include "ws/hub_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>

using namespace macp;
using testing::every;
using testing::HubFixture;
using testing::HubPeer;
using testing::Said;
using ws::Format;

namespace {

HubPeer connect(HubFixture& fixture) {
    auto peer = fixture.connect();
    REQUIRE(peer.next().op == "hello");
    return peer;
}

std::vector<std::string> ops(std::vector<Said> const& all) {
    std::vector<std::string> ops;
    for (auto const& said : all) ops.push_back(said.op);
    return ops;
}

}  // namespace

// How a session stays alive, what it does beside events, and how it ends.
TEST_SUITE("session") {
    TEST_CASE("closes with the code for what cannot be followed, and obeys nothing after it") {
        struct Case {
            std::string bytes;
            int code;
        };
        std::vector<Case> const cases{
            {HubPeer::frame_of(1, R"({"op":"sing"})"), 4400},
            {HubPeer::frame_of(1, "not JSON"), 4400},
            {HubPeer::frame_of(2, R"({"op":"ping"})"), 1003},
            {HubPeer::frame_of(1, "\xff"), 1007},
            {HubPeer::frame_of(1, std::string(101, ' ')), 1009},
            {HubPeer::frame_of(1, std::string(60, ' '), false) + HubPeer::frame_of(0, std::string(60, ' ')), 1009},
            {HubPeer::frame_of(3, "?"), 1002},
        };
        for (auto const& [bytes, code] : cases) {
            CAPTURE(code);
            HubFixture fixture{[](auto& setup) { setup.ws.command_bytes = 100; }};
            auto peer = connect(fixture);
            peer.send_bytes(bytes + HubPeer::frame_of(1, R"({"op":"subscribe"})"));
            std::vector<Said> before;
            CHECK(peer.until("<close>", &before).body == code);
            CHECK(ops(before) == (code == 4400 ? std::vector<std::string>{"error"} : std::vector<std::string>{}));
            CHECK(fixture.hub().sessions().empty());
        }
    }

    TEST_CASE("answers pings of both kinds, and reads commands however they are cut") {
        HubFixture fixture;
        auto peer = connect(fixture);
        auto const frames = HubPeer::frame_of(9, "beat") + HubPeer::frame_of(1, R"({"op":"ping","id":"7"})") +
                            HubPeer::frame_of(1, R"({"op":)", false) + HubPeer::frame_of(9, "") +
                            HubPeer::frame_of(0, R"("ping"})");
        for (auto const byte : frames) {
            peer.send_bytes({&byte, 1});
            fixture.turn();
        }
        CHECK(peer.next().body == "beat");
        CHECK(peer.next().body["id"] == "7");
        CHECK(peer.next().body == "");
        CHECK(peer.next().op == "pong");
    }

    TEST_CASE("answers a Close with its code and ends; without one as well when the peer just goes") {
        HubFixture fixture;
        auto polite = connect(fixture);
        polite.send_bytes(HubPeer::frame_of(8, "\x0f\xa0"));
        CHECK(polite.next().body == 4000);
        fixture.turn();
        CHECK(fixture.hub().counters().sessions == 0);  // not only once patience is at its end
        CHECK(polite.next().op == "<end>");
        auto wordless = connect(fixture);
        wordless.send_bytes(HubPeer::frame_of(8, ""));
        CHECK(wordless.next().body == 1000);
        CHECK(wordless.next().op == "<end>");
        auto rude = fixture.connect(Format::Macp, ws::Subscribe{});
        rude.vanish();
        fixture.run_until([&] { return fixture.hub().counters().sessions == 0; });
    }

    TEST_CASE("pings a silent peer and closes it with 4408; one that answers stays") {
        HubFixture fixture{[](auto& setup) {
            setup.ws.heartbeat_seconds = 0.1;
            setup.ws.idle_timeout_seconds = 0.3;
        }};
        auto silent = connect(fixture);
        auto alive = connect(fixture);
        for (int beats = 0; beats < 8; ++beats) {
            CHECK(alive.next().op == "<ping>");
            alive.send_bytes(HubPeer::frame_of(10, ""));
            fixture.turn();
        }
        std::vector<Said> before;
        CHECK(silent.until("<close>", &before).body == 4408);
        CHECK(ops(before) == std::vector<std::string>{"<ping>", "<ping>"});
        CHECK(fixture.hub().counters().sessions == 2);
        fixture.run_until([&] { return fixture.hub().counters().sessions == 1; });  // it never says goodbye
    }

    TEST_CASE("keeps a stream open with comments, though its peer is silent by nature") {
        HubFixture fixture{[](auto& setup) { setup.ws.heartbeat_seconds = setup.ws.idle_timeout_seconds = 0.1; }};
        auto stream = fixture.connect(Format::Sse, ws::Subscribe{});
        for (int i = 0; i < 3; ++i) CHECK(stream.next().op == "<ping>");
        fixture.pass_on(1);
        CHECK(stream.seqs_up_to(1) == every(1, 1));
    }

    TEST_CASE("sends telemetry no more often than asked for, and one feed at a time") {
        HubFixture fixture;
        auto peer = connect(fixture);
        auto const began = std::chrono::steady_clock::now();
        auto const hourly =
            HubPeer::frame_of(1, R"({"op":"subscribe","channels":["telemetry"],"interval_ms":3600000})");
        peer.send_bytes(hourly + hourly);
        peer.until("telemetry");
        CHECK(peer.so_far().empty());
        peer.say(R"({"op":"subscribe","channels":["telemetry"],"interval_ms":100})");
        auto const asked = fixture.telemetry_calls;
        for (int i = 1; i <= 4; ++i) CHECK(peer.until("telemetry").body["data"]["n"] == asked + i);
        auto const took = std::chrono::steady_clock::now() - began;
        CHECK(fixture.telemetry_calls <= asked + 1 + took / std::chrono::milliseconds{100});
        CHECK(fixture.hub().sessions().empty());  // not a reader of events
    }

    TEST_CASE("lets a peer that does not read miss telemetry instead of keeping it") {
        HubFixture fixture;
        auto peer = fixture.connect(Format::Macp, ws::Subscribe{}, testing::small_buffers);
        fixture.pass_on(300, "a", 2000);  // more than fits
        peer.say(R"({"op":"subscribe","channels":["telemetry"],"interval_ms":100})");
        fixture.run_until([&] { return fixture.telemetry_calls >= 6; });
        std::vector<Said> before;
        while (before.empty() || before.back().op != "event" || before.back().body["seq"] != 300)
            before.push_back(peer.next());
        auto const told = ops(before);
        CHECK(std::ranges::count(told, "event") == 300);
        CHECK(std::ranges::count(told, "telemetry") <= 2);
        peer.until("telemetry");
    }

    TEST_CASE("stops reading a peer that asks without end and reads no answer, until it reads") {
        HubFixture fixture;
        auto peer = fixture.connect(Format::Macp, std::nullopt, testing::small_buffers);
        constexpr int count = 20'000;
        std::string pings;
        for (int i = 0; i < count; ++i) pings += HubPeer::frame_of(9, std::string(100, 'p'));
        std::string_view unsent = pings;
        auto const before = testing::heap_bytes();
        for (int refused = 0; refused < 2 && !unsent.empty(); fixture.turn()) {
            auto const taken = peer.offer(unsent);
            unsent.remove_prefix(taken);
            refused = taken == 0 ? refused + 1 : 0;
        }
        CHECK(unsent.size() > pings.size() / 2);  // of 2 MB
        CHECK(testing::heap_bytes() < before + (std::size_t{1} << 20));

        CHECK(peer.next().op == "hello");
        int pongs = 0;
        for (; pongs < count; ++pongs) {
            if (!unsent.empty()) unsent.remove_prefix(peer.offer(unsent));
            auto const said = peer.next();
            REQUIRE(said.op == "<pong>");
        }
        CHECK(unsent.empty());
    }
}
