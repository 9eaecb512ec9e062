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
        tail.add_wake([&] {
            ++wakes;
            seen = tail.after(0).back()->last();
        });
        tail.add_wake([&] { ++wakes; });
        tail.publish(chunk_of(1, 2));
        tail.publish(chunk_of(3, 3));
        CHECK(wakes == 4);
        CHECK(seen == 3);
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
