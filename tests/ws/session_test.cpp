#include "ws/session.hpp"

#include "ws/hub_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>

using namespace macp;
using core::Seq;
using testing::every;
using testing::HubFixture;
using testing::HubPeer;
using testing::Said;
using testing::since_start;
using ws::Format;
using Json = nlohmann::json;

namespace {

HubPeer connect(HubFixture& fixture) {
    auto peer = fixture.connect();
    REQUIRE(peer.next().op == "hello");
    return peer;
}

std::vector<std::string> types(std::vector<Said> const& all) {
    std::vector<std::string> types;
    for (auto const& said : all) {
        if (said.op == "event") types.push_back(said.body["type"]);
    }
    return types;
}

}  // namespace

TEST_SUITE("session") {
    TEST_CASE("says hello before anything else, then nothing until it is asked") {
        HubFixture fixture;
        fixture.pass_on(7);
        auto opened = fixture.connect(Format::Macp, since_start());
        auto const hello = opened.next();
        CHECK(hello.op == "hello");
        CHECK(hello.body["seq"] == 7);
        CHECK(hello.body["epoch"] == fixture.log().epoch());
        CHECK(hello.body["heartbeat_seconds"] == 3600);
        CHECK(opened.seqs_up_to(7) == every(1, 7));

        auto bare = fixture.connect();
        CHECK(bare.next().op == "hello");
        fixture.pass_on(1);
        CHECK(bare.so_far().empty());
    }

    TEST_CASE("obeys what came with the request after the request itself") {
        HubFixture fixture;
        fixture.pass_on(1, "old");
        fixture.pass_on(1, "new");
        auto const command = HubPeer::frame_of(1, R"({"op":"subscribe","types":["new"],"since":"start"})");
        auto peer = fixture.connect(Format::Macp, since_start(), 0, command);
        CHECK(peer.next().op == "hello");
        peer.until("ack");
        CHECK(peer.seqs_up_to(2) == std::vector<Seq>{2});
        fixture.pass_on(1, "old");
        CHECK(peer.so_far().empty());
    }

    TEST_CASE("acknowledges a subscription, then sends its events") {
        HubFixture fixture;
        auto peer = connect(fixture);
        fixture.pass_on(3);
        peer.say(R"({"op":"subscribe","id":5,"since":"start"})");
        auto const ack = peer.next();
        CHECK(ack.op == "ack");
        CHECK(ack.body["id"] == 5);
        CHECK(peer.seqs_up_to(3) == every(1, 3));
        fixture.pass_on(2);
        CHECK(peer.seqs_up_to(5) == every(4, 5));
    }

    TEST_CASE("begins at now with what has not been passed on yet") {
        HubFixture fixture{[](auto& setup) { setup.ws.flush_interval_ms = 3'600'000; }};
        auto peer = connect(fixture);
        fixture.pass_on(1);
        fixture.commit(1);  // durable, but the shard waits with it
        peer.say(R"({"op":"subscribe"})");
        CHECK(peer.next().op == "ack");
        auto const stats = fixture.hub().sessions();
        REQUIRE(stats.size() == 1);
        CHECK(stats[0].cursor == 1);
        CHECK(stats[0].lag_events == 1);
    }

    TEST_CASE("replaces a subscription by a second one: after its ack there are only events of that") {
        HubFixture fixture;
        auto peer = connect(fixture);
        fixture.pass_on(1, "old");
        fixture.pass_on(1, "new");
        peer.say(R"({"op":"subscribe","types":["old"],"since":"now"})");
        CHECK(peer.next().op == "ack");
        fixture.pass_on(1, "old");
        fixture.pass_on(1, "new");
        CHECK(peer.seqs_up_to(3) == std::vector<Seq>{3});
        peer.say(R"({"op":"subscribe","types":["new"],"since":"start"})");
        CHECK(peer.next().op == "ack");
        CHECK(peer.seqs_up_to(4) == std::vector<Seq>{2, 4});
        fixture.pass_on(1, "old");
        fixture.pass_on(1, "new");
        CHECK(peer.seqs_up_to(6) == std::vector<Seq>{6});
        CHECK(fixture.hub().sessions().size() == 1);
    }

    TEST_CASE("throws away a page that was read for the subscription before") {
        HubFixture fixture;
        auto peer = connect(fixture);
        for (int i = 0; i < 5; ++i) {
            fixture.pass_on(1, "old");
            fixture.pass_on(1, "new");
        }
        auto held = fixture.hold_readers();
        peer.say(R"({"op":"subscribe","id":1,"types":["old"],"since":"start"})");
        CHECK(peer.next().op == "ack");
        peer.say(R"({"op":"subscribe","id":2,"types":["new"],"since":"4"})");
        fixture.turn();
        held.reset();
        CHECK(peer.next().body["id"] == 2);
        CHECK(peer.seqs_up_to(10) == std::vector<Seq>{6, 8, 10});
        CHECK(peer.so_far().empty());
    }

    TEST_CASE("sends nothing more of a page, nor anything live, once it is unsubscribed") {
        HubFixture fixture;
        auto peer = connect(fixture);
        fixture.pass_on(5);
        auto held = fixture.hold_readers();
        peer.say(R"({"op":"subscribe","since":"start"})");
        peer.say(R"({"op":"unsubscribe","id":"u"})");
        fixture.turn();
        held.reset();
        CHECK(peer.next().op == "ack");
        CHECK(peer.next().body["id"] == "u");
        fixture.pass_on(5);
        CHECK(peer.so_far().empty());
        CHECK(fixture.hub().sessions().empty());
    }

    TEST_CASE("ends the channels that an unsubscribe names, and no others") {
        HubFixture fixture;
        auto peer = connect(fixture);
        peer.say(R"({"op":"subscribe","channels":["events","telemetry"],"interval_ms":100})");
        peer.until("telemetry");
        peer.say(R"({"op":"unsubscribe","id":"t","channels":["telemetry"]})");
        peer.until("ack");
        fixture.run_until([&] { return fixture.shard().tasks().size() == 1; });  // the feed has ended
        auto const asked = fixture.telemetry_calls;
        fixture.pass_on(1);
        CHECK(peer.until("event").body["seq"] == 1);

        peer.say(R"({"op":"subscribe","id":"t","channels":["telemetry"],"interval_ms":100})");
        peer.until("telemetry");
        CHECK(fixture.telemetry_calls > asked);
        peer.say(R"({"op":"unsubscribe","id":"e","channels":["events"]})");
        peer.until("ack");
        fixture.pass_on(1);
        std::vector<Said> before;
        peer.until("telemetry", &before);
        peer.until("telemetry", &before);
        CHECK(before.empty());
    }

    TEST_CASE("filters what comes from the log as it filters what is new") {
        struct Case {
            std::string members;
            std::vector<std::string> expected;
        };
        std::vector<Case> const cases{
            {R"("types":["task.*"])", {"task.done", "task.new"}},
            {R"("types":["task.new","note"])", {"note", "task.new"}},
            {R"("where":{"repo_name":"x"})", {"note", "task.new"}},
            {R"("where":{"repo_name":"x*","n":1})", {"task.new"}},
            {R"("subjects":["T1"])", {"task.done"}},
            {R"("sources":["/b"],"types":["*"])", {"note"}},
            {R"("types":["nothing"])", {}},
        };
        for (auto const& [members, expected] : cases) {
            CAPTURE(members);
            HubFixture fixture;
            auto const commit_all = [&](std::string const& round) {
                std::vector<core::NewEvent> events(3);
                events[0] = {.id = round, .source = "/a", .type = "task.new", .data = R"({"repo":"x","n":1})"};
                events[1] = {.id = round + "2", .source = "/a", .type = "task.done", .subject = "T1"};
                events[2] = {
                    .id = round, .source = "/b", .type = "note", .data = R"({"metadata":{"repo_name":"x"},"n":2})"
                };
                fixture.commit(std::move(events));
                fixture.run_until([&] { return fixture.hub().processed() == fixture.log().tail().last(); });
            };
            commit_all("old");
            auto peer = connect(fixture);
            peer.say(R"({"op":"subscribe","since":"start",)" + members + "}");
            CHECK(peer.next().op == "ack");
            fixture.run_until([&] {
                auto const all = fixture.hub().sessions();
                return all.size() == 1 && !all[0].catching_up;
            });
            auto from_log = types(peer.so_far());
            commit_all("new");
            auto live = types(peer.so_far());
            std::ranges::sort(from_log);
            std::ranges::sort(live);
            CHECK(from_log == expected);
            CHECK(live == expected);
        }
    }

    TEST_CASE("tells of a position that is not of this log, then sends everything") {
        for (std::string const since : {"elsewhere:2", "99"}) {
            HubFixture fixture;
            fixture.pass_on(3);
            auto peer = connect(fixture);
            peer.say(R"({"op":"subscribe","since":")" + since + "\"}");
            CHECK(peer.next().op == "ack");
            auto const gap = peer.next();
            CHECK(gap.op == "gap");
            CHECK(gap.body["why"] == "epoch");
            CHECK(gap.body["from"] == 1);
            CHECK(peer.seqs_up_to(3) == every(1, 3));
            CHECK(fixture.hub().counters().gaps == 1);
        }
    }

    TEST_CASE("resumes after a position of this log, of whichever shape") {
        HubFixture fixture;
        fixture.pass_on(5);
        auto peer = connect(fixture);
        for (auto const& since : {Json("3"), Json(3), Json(fixture.log().epoch() + ":3")}) {
            peer.say(Json{{"op", "subscribe"}, {"since", since}}.dump());
            CHECK(peer.next().op == "ack");
            CHECK(peer.seqs_up_to(5) == every(4, 5));
        }
    }

    TEST_CASE("tells of what retention took before it asked, and while it lagged") {
        HubFixture fixture{[](auto& setup) {
            setup.ws.ring_bytes = setup.log.tail_bytes = std::size_t{256} << 10;
            setup.log.max_bytes = 2 << 20;
            setup.log.sweep_interval = std::chrono::milliseconds{1};
        }};
        auto behind = fixture.connect(Format::Macp, ws::Subscribe{}, testing::small_buffers);
        while (fixture.log().stats().oldest < 2000) fixture.pass_on(500, "a", 1000);
        auto const last = fixture.log().tail().last();

        CHECK(behind.next().op == "hello");
        Seq next = 1;
        int gaps = 0;
        while (next <= last) {
            auto const said = behind.next();
            if (said.op == "gap") {
                ++gaps;
                CHECK(said.body["why"] == "retention");
                CHECK(said.body["from"] == next);
                next = said.body["to"].get<Seq>() + 1;
            } else {
                REQUIRE(said.op == "event");
                REQUIRE(said.body["seq"] == next);
                ++next;
            }
        }
        CHECK(gaps >= 1);

        behind.say(R"({"op":"subscribe","since":"1"})");
        CHECK(behind.next().op == "ack");
        auto const gap = behind.next();
        CHECK(gap.op == "gap");
        CHECK(gap.body["from"] == 2);
        auto const rest = behind.seqs_up_to(last);
        CHECK(rest == every(gap.body["to"].get<Seq>() + 1, last));
        CHECK(fixture.hub().counters().gaps == static_cast<std::uint64_t>(gaps) + 1);
    }

    TEST_CASE("refuses a mistaken command, and the subscription goes on") {
        HubFixture fixture;
        auto peer = connect(fixture);
        peer.say(R"({"op":"subscribe"})");
        CHECK(peer.next().op == "ack");
        peer.say(R"({"op":"subscribe","id":"x","typs":["a"]})");
        auto error = peer.next();
        CHECK(error.op == "error");
        CHECK(error.body["id"] == "x");
        CHECK(error.body["field"] == "/typs");
        peer.say(R"({"op":"subscribe","id":"y","channels":["telemetry"],"interval_ms":99})");
        error = peer.next();
        CHECK(error.op == "error");
        CHECK(error.body["field"] == "/interval_ms");
        fixture.pass_on(1);
        CHECK(peer.seqs_up_to(1) == every(1, 1));
        CHECK(fixture.telemetry_calls == 0);
    }
}
