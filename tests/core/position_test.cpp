#include "core/position.hpp"

#include <doctest/doctest.h>

using namespace macp::core;

TEST_SUITE("position") {
    TEST_CASE("is read in each of its forms") {
        CHECK(parse_position("start") == Position{.kind = Position::Kind::Start});
        CHECK(parse_position("now") == Position{.kind = Position::Kind::Now});
        CHECK(parse_position("42") == Position{.kind = Position::Kind::At, .epoch = "", .seq = 42});
        CHECK(parse_position("a1b2:42") == Position{.kind = Position::Kind::At, .epoch = "a1b2", .seq = 42});
        CHECK(parse_position("0")->seq == 0);
        CHECK(parse_position("18446744073709551615")->seq == 18446744073709551615ULL);
    }

    TEST_CASE("survives being written and read") {
        auto const position = parse_position(format_position("feed", 7));
        REQUIRE(position);
        CHECK(position->epoch == "feed");
        CHECK(position->seq == 7);
    }

    TEST_CASE("is refused when it is none") {
        for (auto const* const text :
             {"", "later", "-1", "+1", "1.5", " 1", "1 ", "a:", ":1", "a:b", "a:1:2", "18446744073709551616"}) {
            CAPTURE(text);
            auto const position = parse_position(text);
            REQUIRE_FALSE(position);
            CHECK(position.error().code == ErrorCode::InvalidField);
        }
    }

    TEST_CASE("writes the members of a gap") {
        std::string out;
        append_gap_members(out, {.from = 1, .to = 41, .why = "retention"});
        CHECK(out == R"("from":1,"to":41,"why":"retention")");
    }
}
