#include "ws/hub.hpp"

#include "ws/hub_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <random>

using namespace macp;
using core::Seq;
using testing::every;
using testing::HubFixture;
using testing::HubPeer;
using testing::since_start;
using ws::Format;

namespace {

constexpr auto all_formats = {Format::Macp, Format::Ndjson, Format::CloudEvents, Format::Sse};

std::vector<Seq> evens(Seq last) {
    auto seqs = every(1, last);
    std::erase_if(seqs, [](Seq seq) { return seq % 2 != 0; });
    return seqs;
}

/// Passes on `count` events in commits of a few: odd positions of type `odd`, even ones of type `even`.
void pass_on_both(HubFixture& fixture, int count, std::size_t data_bytes) {
    for (int done = 0; done < count; done += 10) {
        std::vector<core::NewEvent> events;
        for (int i = done; i < std::min(count, done + 10); ++i) {
            auto const seq = fixture.log().tail().last() + events.size() + 1;
            events.push_back(testing::event(std::to_string(seq), seq % 2 == 0 ? "even" : "odd"));
            events.back().data = '"' + std::string(data_bytes, 'x') + '"';
        }
        fixture.commit(std::move(events));
        fixture.run_until([&] { return fixture.hub().processed() == fixture.log().tail().last(); });
    }
}

/// Small enough that a few hundred events are more than they hold.
void shrink_memory(HubFixture::Setup& setup) {
    setup.ws.ring_bytes = setup.log.tail_bytes = std::size_t{256} << 10;
}

void say_hello(HubPeer& peer, Format format) {
    if (format != Format::Sse) REQUIRE(peer.next().op == "hello");
}

}  // namespace

TEST_SUITE("hub") {
    TEST_CASE("passes every event on once and in order, in every format and to every filter") {
        for (bool const io_uring : {true, false}) {
            HubFixture fixture{[&](auto& setup) { setup.ws.io_uring = io_uring; }};
            std::vector<HubPeer> all;
            std::vector<HubPeer> some;
            for (int i = 0; i < 3; ++i) {
                for (auto const format : all_formats) {
                    all.push_back(fixture.connect(format, ws::Subscribe{}));
                    some.push_back(fixture.connect(format, ws::Subscribe{.filter = {.types = {"ev*"}}}));
                    say_hello(all.back(), format);
                    say_hello(some.back(), format);
                }
            }
            for (int i = 0; i < 10; ++i) pass_on_both(fixture, 1, 10);
            std::vector<core::NewEvent> burst;
            for (int i = 11; i <= 600; ++i)
                burst.push_back(testing::event(std::to_string(i), i % 2 == 0 ? "even" : "odd"));
            fixture.commit(std::move(burst));
            for (auto& peer : all) CHECK(peer.seqs_up_to(600) == every(1, 600));
            for (auto& peer : some) CHECK(peer.seqs_up_to(600) == evens(600));
            CHECK(fixture.hub().counters().catch_up_pages == 0);
            CHECK(fixture.hub().counters().events == 600);
        }
    }

    TEST_CASE("lets the least time between two flushes go by, and passes on what has gathered in one") {
        HubFixture fixture{[](auto& setup) { setup.ws.flush_interval_ms = 3'600'000; }};
        auto peer = fixture.connect(Format::Macp, ws::Subscribe{});
        say_hello(peer, Format::Macp);
        fixture.pass_on(1);  // nothing was flushed before: at once
        CHECK(peer.seqs_up_to(1) == every(1, 1));
        for (int i = 0; i < 10; ++i) fixture.commit(1);
        CHECK(peer.so_far().empty());
        CHECK(fixture.hub().counters().flushes == 1);
        CHECK(fixture.hub().processed() == 1);
    }

    TEST_CASE("makes no more flushes than the time that went by allows, and loses nothing by it") {
        constexpr std::chrono::milliseconds interval{40};
        for (bool const io_uring : {true, false}) {
            HubFixture fixture{[&](auto& setup) {
                setup.ws.flush_interval_ms = interval.count();
                setup.ws.io_uring = io_uring;
            }};
            auto peer = fixture.connect(Format::Ndjson, ws::Subscribe{});
            say_hello(peer, Format::Ndjson);
            auto const frames = peer.text_frames();
            auto const began = std::chrono::steady_clock::now();
            for (int i = 0; i < 50; ++i) {  // few enough to fit into one frame
                fixture.commit(1);
                fixture.turn();
            }
            CHECK(peer.seqs_up_to(50) == every(1, 50));
            auto const took = std::chrono::steady_clock::now() - began;
            auto const flushes = fixture.hub().counters().flushes.load();
            CHECK(flushes <= static_cast<std::uint64_t>(took / interval) + 1);
            CHECK(peer.text_frames() - frames <= flushes);
            CHECK(fixture.hub().counters().sends - flushes <= 1);  // the hello is a send of its own at the most
        }
    }

    TEST_CASE("reads the log for a session that fell behind, which then goes on live: no gap, none twice") {
        unsigned seed = 1;
        for (bool const io_uring : {true, false}) {
            for (auto const format : all_formats) {
                CAPTURE(io_uring);
                CAPTURE(static_cast<int>(format));
                HubFixture fixture{[&](auto& setup) {
                    shrink_memory(setup);
                    setup.ws.io_uring = io_uring;
                }};
                auto all = fixture.connect(format, ws::Subscribe{}, testing::small_buffers);
                auto some =
                    fixture.connect(format, ws::Subscribe{.filter = {.types = {"even"}}}, testing::small_buffers);
                pass_on_both(fixture, 300, 4000);
                auto const stats = fixture.hub().sessions();
                REQUIRE(stats.size() == 2);
                CHECK(stats[0].lag_events > 100);

                std::mt19937 random{++seed};
                for (int i = 0; i < 300; ++i) {  // it reads on by bits, and new events come meanwhile
                    all.take_bytes(1 + random() % 20'000);
                    some.take_bytes(1 + random() % 10'000);
                    if (i % 3 == 0) pass_on_both(fixture, 1, 4000);
                    fixture.turn();
                }
                auto const last = fixture.log().tail().last();
                say_hello(all, format);
                say_hello(some, format);
                CHECK(all.seqs_up_to(last) == every(1, last));
                CHECK(some.seqs_up_to(last) == evens(last));
                auto const pages = fixture.hub().counters().catch_up_pages.load();
                CHECK(pages > 10);

                fixture.run_until([&] {
                    return std::ranges::none_of(fixture.hub().sessions(), &ws::SessionStats::catching_up);
                });
                auto const settled = fixture.hub().counters().catch_up_pages.load();
                pass_on_both(fixture, 100, 10);
                CHECK(all.seqs_up_to(last + 100) == every(last + 1, last + 100));
                CHECK(some.seqs_up_to(last + 100).size() == 50);
                CHECK(fixture.hub().counters().catch_up_pages == settled);  // from the ring again
            }
        }
    }

    TEST_CASE("lets everyone read the log when the shard was away for longer than the tail reaches back") {
        HubFixture fixture{shrink_memory};
        auto all = fixture.connect(Format::Macp, ws::Subscribe{});
        auto some = fixture.connect(Format::Sse, ws::Subscribe{.filter = {.types = {"rare"}}});
        say_hello(all, Format::Macp);
        fixture.pass_on(10);
        fixture.commit(1, "rare");
        for (int i = 0; i < 40; ++i) fixture.commit(20, "a", 1000);
        fixture.commit(1, "rare");
        REQUIRE(fixture.log().tail().oldest() > 11);
        fixture.run_until([&] { return fixture.hub().processed() == 812; });
        auto last =
            fixture.connect(Format::Macp, ws::Subscribe{.since = {.kind = core::Position::Kind::At, .seq = 811}});
        say_hello(last, Format::Macp);
        CHECK(last.seqs_up_to(812) == every(812, 812));  // this one only the log has
        CHECK(all.seqs_up_to(812) == every(1, 812));
        CHECK(some.seqs_up_to(812) == std::vector<Seq>{11, 812});
        CHECK(fixture.hub().counters().catch_up_pages > 0);
        fixture.pass_on(1, "rare");
        CHECK(all.seqs_up_to(813) == every(813, 813));
        CHECK(some.seqs_up_to(813) == every(813, 813));
        CHECK(fixture.hub().counters().gaps == 0);
    }

    TEST_CASE("keeps no more for a session that does not read, however far it falls behind") {
        // What grows while events are committed; the log itself (its page cache) has its share in that.
        auto const grown_with = [](std::optional<Format> slow_format) {
            HubFixture fixture{shrink_memory};
            std::optional<HubPeer> slow;
            if (slow_format) slow.emplace(fixture.connect(*slow_format, since_start(), testing::small_buffers));
            auto const fall_behind = [&](int commits) {
                for (int i = 0; i < commits; ++i) fixture.pass_on(20, "a", 4000);
            };
            fall_behind(25);
            auto const before = testing::heap_bytes();
            fall_behind(100);
            auto const after = testing::heap_bytes();
            if (slow) {
                say_hello(*slow, *slow_format);
                CHECK(slow->seqs_up_to(2500) == every(1, 2500));
            }
            return static_cast<long>(after) - static_cast<long>(before);
        };
        auto const alone = grown_with(std::nullopt);
        for (auto const format : {Format::Macp, Format::Ndjson}) {
            CHECK(grown_with(format) - alone < 500'000);  // of 8 MB that it has not got
        }
    }

    TEST_CASE("goes on for the others when peers vanish") {
        for (bool const io_uring : {true, false}) {
            HubFixture fixture{[&](auto& setup) { setup.ws.io_uring = io_uring; }};
            std::vector<HubPeer> peers;
            for (int i = 0; i < 12; ++i) {
                core::Filter filter;
                if (i % 4 >= 2) filter.types = {"a", std::to_string(i / 4)};  // shared by two, then by none
                peers.push_back(fixture.connect(Format::Macp, ws::Subscribe{.filter = std::move(filter)}));
                say_hello(peers.back(), Format::Macp);
            }
            fixture.commit(1);  // the shard learns of both in one turn
            for (std::size_t i = 0; i < peers.size(); i += 2) peers[i].vanish();
            for (std::size_t i = 1; i < peers.size(); i += 2) CHECK(peers[i].seqs_up_to(1) == every(1, 1));
            for (int i = 0; i < 5; ++i) fixture.pass_on(1);
            for (std::size_t i = 1; i < peers.size(); i += 2) CHECK(peers[i].seqs_up_to(6) == every(2, 6));
            fixture.run_until([&] { return fixture.hub().counters().sessions == 6; });
            CHECK(fixture.hub().sessions().size() == 6);
            CHECK(fixture.hub().counters().opened == 12);
        }
    }

    TEST_CASE("starts anew when the last reader of a format has gone and another comes") {
        HubFixture fixture;
        {
            auto const first = fixture.connect(Format::Ndjson, ws::Subscribe{.filter = {.types = {"a"}}});
            fixture.pass_on(3);
        }
        fixture.run_until([&] { return fixture.hub().counters().sessions == 0; });
        fixture.pass_on(3);
        auto live = fixture.connect(Format::Ndjson, ws::Subscribe{.filter = {.types = {"a"}}});
        auto resumed =
            fixture.connect(Format::Ndjson, ws::Subscribe{.since = {.kind = core::Position::Kind::At, .seq = 2}});
        say_hello(live, Format::Ndjson);
        say_hello(resumed, Format::Ndjson);
        fixture.pass_on(3);
        CHECK(live.seqs_up_to(9) == every(7, 9));
        CHECK(resumed.seqs_up_to(9) == every(3, 9));
    }

    TEST_CASE("drains: tells every WebSocket with 1001 and ends the streams") {
        HubFixture fixture;
        auto subscribed = fixture.connect(Format::Macp, ws::Subscribe{});
        auto bare = fixture.connect(Format::CloudEvents);
        auto stream = fixture.connect(Format::Sse, ws::Subscribe{});
        auto behind = fixture.connect(Format::Macp, since_start(), testing::small_buffers);
        fixture.pass_on(200, "a", 2000);
        fixture.hub().drain();
        for (auto* const peer : {&subscribed, &bare, &behind}) {
            CHECK(peer->until("<close>").body == 1001);
            peer->send_bytes(HubPeer::frame_of(8, "\x03\xe9"));
            CHECK(peer->next().op == "<end>");
        }
        CHECK(stream.seqs_up_to(200) == every(1, 200));
        CHECK(stream.next().op == "<end>");
        fixture.run_until([&] { return fixture.hub().counters().sessions == 0; });
    }

    TEST_CASE("closes the sessions of a revoked token with 1008, and no others") {
        HubFixture fixture;
        auto good = fixture.connect(Format::Macp, ws::Subscribe{}, 0, {}, "good");
        auto bad = fixture.connect(Format::Macp, ws::Subscribe{}, 0, {}, "bad");
        fixture.hub().recheck_access();
        fixture.pass_on(1);
        say_hello(bad, Format::Macp);
        CHECK(bad.seqs_up_to(1) == every(1, 1));
        fixture.revoked = "bad";
        fixture.hub().recheck_access();
        fixture.pass_on(1);
        CHECK(bad.next().op == "<close>");
        say_hello(good, Format::Macp);
        CHECK(good.seqs_up_to(2) == every(1, 2));
        CHECK(good.so_far().empty());
    }
}
