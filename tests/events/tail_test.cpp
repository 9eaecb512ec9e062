#include "events/tail.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using namespace macp;

namespace {

events::ChunkPtr chunk_of(core::Seq first, core::Seq last, std::size_t data_bytes = 2) {
    auto chunk = std::make_shared<events::Chunk>();
    for (auto seq = first; seq <= last; ++seq) {
        chunk->append(seq, {.id = "x", .source = "/s", .type = "t", .data = std::string(data_bytes, '1')});
    }
    return chunk;
}

}  // namespace

TEST_SUITE("tail") {
    TEST_CASE("is empty at the newest position of an opened log") {
        events::Tail const tail{41, 1000};
        CHECK(tail.last() == 41);
        CHECK(tail.oldest() == 42);
        CHECK(tail.after(41).empty());
        CHECK(tail.after(0).empty());
    }

    TEST_CASE("hands out the chunks that reach past a position") {
        events::Tail tail{0, 1 << 20};
        tail.publish(chunk_of(1, 3));
        tail.publish(chunk_of(4, 4));
        tail.publish(chunk_of(5, 9));
        CHECK(tail.last() == 9);
        CHECK(tail.oldest() == 1);
        CHECK(tail.after(0).size() == 3);
        CHECK(tail.after(2).size() == 3);
        CHECK(tail.after(3).size() == 2);
        CHECK(tail.after(4).size() == 1);
        CHECK(tail.after(8).front()->first() == 5);
        CHECK(tail.after(9).empty());
    }

    TEST_CASE("drops the oldest chunks above its bound, never the newest") {
        events::Tail tail{0, 3000};
        for (core::Seq seq = 1; seq <= 10; ++seq) tail.publish(chunk_of(seq, seq, 1000));
        CHECK(tail.bytes() <= 3000);
        CHECK(tail.oldest() > 1);
        CHECK(tail.after(0).empty());
        tail.publish(chunk_of(11, 11, 50'000));
        CHECK(tail.oldest() == 11);
        CHECK(tail.after(10).size() == 1);
    }

    TEST_CASE("keeps a chunk alive for whoever holds it") {
        events::Tail tail{0, 1};
        tail.publish(chunk_of(1, 1));
        auto const held = tail.after(0);
        tail.publish(chunk_of(2, 2));
        REQUIRE(held.size() == 1);
        CHECK((*held.front())[0].seq == 1);
        CHECK(tail.oldest() == 2);
    }

    TEST_CASE("wakes everyone once a chunk, after it can be read") {
        events::Tail tail{0, 1 << 20};
        int wakes = 0;
        core::Seq seen = 0;
        auto const first = tail.add_wake([&] {
            ++wakes;
            seen = tail.after(0).back()->last();
        });
        auto const second = tail.add_wake([&] { ++wakes; });
        tail.publish(chunk_of(1, 2));
        tail.publish(chunk_of(3, 3));
        CHECK(wakes == 4);
        CHECK(seen == 3);
    }

    TEST_CASE("wakes only those that are still registered") {
        events::Tail tail{0, 1 << 20};
        int first = 0;
        int second = 0;
        auto kept = tail.add_wake([&] { ++first; });
        {
            auto const passing = tail.add_wake([&] { ++second; });
            tail.publish(chunk_of(1, 1));
        }
        tail.publish(chunk_of(2, 2));
        CHECK(first == 2);
        CHECK(second == 1);
        auto moved = std::move(kept);
        tail.publish(chunk_of(3, 3));
        CHECK(first == 3);
        moved = {};
        tail.publish(chunk_of(4, 4));
        CHECK(first == 3);
        auto const outlives_its_tail = events::Tail{0, 1}.add_wake([] {});
    }

    TEST_CASE("drops a wake only when it no longer runs") {
        constexpr core::Seq count = 2000;
        events::Tail tail{0, 1 << 20};
        std::atomic<bool> done{false};
        std::thread writer{[&] {
            for (core::Seq seq = 1; seq <= count; ++seq) tail.publish(chunk_of(seq, seq));
            done = true;
        }};
        std::atomic<int> late{0};
        while (!done) {
            std::atomic<bool> gone{false};
            {
                auto const registered = tail.add_wake([&] {
                    std::this_thread::yield();
                    if (gone) ++late;
                });
                std::this_thread::yield();
            }
            gone = true;
        }
        writer.join();
        CHECK(late == 0);
    }

    TEST_CASE("shows a reader on another thread every event once, in order") {
        constexpr core::Seq count = 2000;
        events::Tail tail{0, 64 << 20};
        std::thread writer{[&] {
            for (core::Seq seq = 1; seq <= count; ++seq) tail.publish(chunk_of(seq, seq));
        }};
        core::Seq cursor = 0;
        bool in_order = true;
        while (cursor < count && in_order) {
            for (auto const& chunk : tail.after(cursor)) {
                in_order = in_order && chunk->first() == cursor + 1;
                cursor = chunk->last();
            }
            std::this_thread::yield();
        }
        writer.join();
        CHECK(in_order);
        CHECK(cursor == count);
    }
}
