#include "core/time.hpp"

#include <doctest/doctest.h>

using macp::core::format_time;
using macp::core::parse_time;

TEST_SUITE("time") {
    TEST_CASE("is written with only the fraction that it has") {
        for (auto const* const text :
             {"2026-03-31T09:00:00Z", "2026-03-31T09:00:00.250Z", "2026-03-31T09:00:00.000001Z",
              "1969-12-31T23:59:59.999999Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2024-02-29T12:00:00Z"}) {
            CAPTURE(std::string{text});
            REQUIRE(parse_time(text));
            CHECK(format_time(*parse_time(text)) == text);
        }
    }

    TEST_CASE("is read with offsets, spaces, lower case and fine fractions") {
        auto const nine = parse_time("2026-03-31T09:00:00Z");
        for (auto const* const text :
             {"2026-03-31T11:00:00+02:00", "2026-03-31T03:30:00-05:30", "2026-03-31 09:00:00z",
              "2026-03-31t09:00:00.0000009Z"}) {
            CAPTURE(std::string{text});
            CHECK(parse_time(text) == nine);
        }
        CHECK(parse_time("2026-12-31T23:59:60Z") == parse_time("2027-01-01T00:00:00Z"));
    }

    TEST_CASE("is refused when it is not RFC 3339") {
        for (auto const* const text :
             {"", "now", "2026-03-31", "2026-03-31T09:00Z", "2026-03-31T09:00:00", "2026-02-30T09:00:00Z",
              "2026-13-01T09:00:00Z", "2026-03-31T24:00:00Z", "2026-03-31T09:60:00Z", "2026-03-31T09:00:61Z",
              "2026-03-31T09:00:00.Z", "2026-03-31T09:00:00+0200", "2026-03-31T09:00:00+24:00", "2026-03-31T09:00:00Zx",
              "26-03-31T09:00:00Z", "2026-3-31T09:00:00Z", " 2026-03-31T09:00:00Z",
              // Beyond what four digits can say in UTC:
              "0000-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"}) {
            CAPTURE(std::string{text});
            CHECK_FALSE(parse_time(text));
        }
    }
}
