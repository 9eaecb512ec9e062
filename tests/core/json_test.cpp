#include "core/json.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace macp::core;

TEST_SUITE("json") {
    TEST_CASE("strings are escaped so that they read back") {
        for (std::string const text :
             {"", "plain", "quo\"te", "back\\slash", "\b\f\n\r\t", "\x01\x1f\x7f", "日本語 🚨", "a\0b"}) {
            auto const json = parse_json(json_string(text));
            REQUIRE(json);
            CHECK(*json == text);
        }
        std::string const zero{"a\0b", 3};
        CHECK(*parse_json(json_string(zero)) == zero);
        CHECK(json_string("a\nb") == R"("a\nb")");
        CHECK(json_string("日本") == "\"日本\"");
    }

    TEST_CASE("strings that are not UTF-8 are mended") {
        CHECK(
            json_string("a\xff"
                        "b") ==
            "\"a\xef\xbf\xbd"
            "b\""
        );
        CHECK(is_utf8(json_string("\xc3\x28 \xe2\x82 \xf0\x9f\x9a")));
    }

    TEST_CASE("is refused with the byte where it stops making sense") {
        auto const bad = parse_json(R"({"a":1,})");
        REQUIRE_FALSE(bad);
        CHECK(bad.error().code == ErrorCode::BadJson);
        CHECK(bad.error().message.find("byte 8") != std::string::npos);
        for (auto const* const text :
             {"", " ", "{", "nul", "{\"a\":1} x", "[1,]", "'a'", "NaN", "\"\xff\"", "1e400", "\"\\ud800\""}) {
            CAPTURE(text);
            CHECK_FALSE(parse_json(text));
        }
    }

    TEST_CASE("is refused when it nests too deep, without running out of stack") {
        auto const nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
        CHECK(parse_json(nested(100)));
        CHECK_FALSE(parse_json(nested(200)));
        CHECK_FALSE(parse_json(nested(1'000'000)));
    }

    TEST_CASE("is written on one line with sorted keys") {
        CHECK(
            dump_json(*parse_json("{\n \"b\": [1, 2.5, null],\n \"a\": \"x\\ny\" }")) ==
            R"({"a":"x\ny","b":[1,2.5,null]})"
        );
    }

    TEST_CASE("tells UTF-8 from other bytes") {
        CHECK(is_utf8(""));
        CHECK(is_utf8("aé日🚨"));
        for (auto const* const bad : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"})
            CHECK_FALSE(is_utf8(bad));
    }

    TEST_CASE("trims white space at both ends only") {
        CHECK(trim(" \t\r\n a b \v\f") == "a b");
        CHECK(trim(" \n").empty());
        CHECK(trim("").empty());
    }
}
