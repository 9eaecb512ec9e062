#include "cli/sink_tally.hpp"

#include <doctest/doctest.h>

using macp::cli::SinkTally;
using Arrival = SinkTally::Arrival;

TEST_SUITE("sink tally") {
    TEST_CASE("tells what comes next, again and late") {
        SinkTally tally;
        CHECK(tally.note("e", 5) == Arrival::Next);
        CHECK(tally.note("e", 6) == Arrival::Next);
        CHECK(tally.note("e", 6) == Arrival::Repeat);
        CHECK(tally.note("e", 9) == Arrival::Next);
        CHECK(tally.note("e", 8) == Arrival::Late);
        CHECK(tally.note("e", 8) == Arrival::Repeat);
        CHECK(tally.note("other", 1) == Arrival::Next);
        CHECK(tally.events() == 5);
        CHECK(tally.repeats() == 2);
        CHECK(tally.late() == 1);
    }

    TEST_CASE("knows what is missing, until it comes") {
        SinkTally tally;
        for (macp::core::Seq const seq : {1U, 2U, 6U, 10U}) static_cast<void>(tally.note("e", seq));
        auto gaps = tally.gaps();
        REQUIRE(gaps.size() == 2);
        CHECK(gaps[0].from == 3);
        CHECK(gaps[0].to == 5);
        CHECK(gaps[1].from == 7);
        CHECK(gaps[1].to == 9);
        for (macp::core::Seq const seq : {4U, 3U, 5U}) CHECK(tally.note("e", seq) == Arrival::Late);
        gaps = tally.gaps();
        REQUIRE(gaps.size() == 1);
        CHECK(gaps[0].from == 7);
        for (macp::core::Seq seq = 1; seq <= 6; ++seq) CHECK(tally.note("e", seq) == Arrival::Repeat);
    }
}
