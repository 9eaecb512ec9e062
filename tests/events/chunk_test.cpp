#include "events/chunk.hpp"

#include <doctest/doctest.h>

using namespace macp;

TEST_SUITE("chunk") {
    TEST_CASE("gives back each event as it goes out, with its attributes unescaped") {
        events::Chunk chunk;
        chunk.append(4, {.id = "a", .source = "/s", .type = "task.\"x\"", .subject = "T-1", .data = R"({"n":1})"});
        chunk.append(5, {.id = "b", .source = "/other", .type = "t"});
        REQUIRE(chunk.size() == 2);
        CHECK(chunk.first() == 4);
        CHECK(chunk.last() == 5);

        auto const first = chunk[0];
        CHECK(first.seq == 4);
        CHECK(first.source == "/s");
        CHECK(first.type == "task.\"x\"");
        CHECK(first.subject == "T-1");
        CHECK(first.data == R"({"n":1})");
        CHECK(
            first.text == R"({"specversion":"1.0","id":"a","seq":4,"source":"/s","type":"task.\"x\"","subject":"T-1",)"
                          R"("time":"1970-01-01T00:00:00Z","datacontenttype":"application/json","data":{"n":1}})"
        );
        auto const second = chunk[1];
        CHECK(second.source == "/other");
        CHECK(second.type == "t");
        CHECK(second.subject.empty());
        CHECK(second.data.empty());
        CHECK(second.text.ends_with(R"("time":"1970-01-01T00:00:00Z"})"));
    }

    TEST_CASE("finds the first event after a position, where some were passed over too") {
        events::Chunk chunk;
        for (core::Seq const seq : {3U, 5U, 9U}) chunk.append(seq, {.id = "x", .source = "/s", .type = "t"});
        CHECK(chunk.index_after(0) == 0);
        CHECK(chunk.index_after(3) == 1);
        CHECK(chunk.index_after(4) == 1);
        CHECK(chunk.index_after(8) == 2);
        CHECK(chunk.index_after(9) == 3);
        CHECK(chunk.bytes() > 3 * chunk[0].text.size());
    }
}
