#include "core/ascii.hpp"

#include <doctest/doctest.h>

using namespace macp;

TEST_SUITE("ascii") {
    TEST_CASE("lowers the letters of ASCII and nothing else") {
        CHECK(core::lower_case("AbZ@[`{0-\xC3\x84 I") == "abz@[`{0-\xC3\x84 i");
        CHECK(core::lower_case('Q') == 'q');
        std::string text = "Content-TYPE";
        core::make_lower(text);
        CHECK(text == "content-type");
    }

    TEST_CASE("compares without regard to case") {
        CHECK(core::equal_ignoring_case("WebSocket", "websocket"));
        CHECK(!core::equal_ignoring_case("websocket", "websockets"));
        CHECK(!core::equal_ignoring_case("\xC3\x84", "\xC3\xA4"));
        CHECK(!core::equal_ignoring_case("@", "`"));
    }
}
