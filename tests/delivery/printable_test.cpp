#include "delivery/printable.hpp"

#include "delivery/render.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using macp::delivery::printable;
using macp::delivery::render_line;

namespace {

bool harmless(std::string const& text) {
    return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }) &&
           text.find("\xc2\x9b") == std::string::npos;
}

}  // namespace

TEST_SUITE("printable text") {
    TEST_CASE("has no escape sequences") {
        CHECK(printable("a\x1b[31;1mred\x1b[0mb") == "aredb");
        CHECK(
            printable("a\x1b]0;title\x07"
                      "b") == "ab"
        );
        CHECK(printable("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b") == "alinkb");
        CHECK(printable("a\x1bP1;2q data\x1b\\b") == "ab");
        CHECK(
            printable("a\x1b(0b\x1b"
                      "cd\x1b=e") == "abde"
        );
        CHECK(
            printable("a\xc2\x9b"
                      "31mb") == "a31mb"
        );
        for (auto const* const cut : {"a\x1b", "a\x1b[", "a\x1b[31", "a\x1b]0;never ends", "a\x1b("})
            CHECK(printable(cut) == "a");
    }
    TEST_CASE("is one line without control characters or turned text") {
        CHECK(printable("a\r\n\tb\nc") == "a b c");
        CHECK(
            printable("a\x01\x08\x7f"
                      "b") == "ab"
        );
        CHECK(
            printable("a\xe2\x80\xae"
                      "b\xe2\x81\xa6"
                      "c\xe2\x80\xa8"
                      "d") == "abcd"
        );
        CHECK(printable("a\xff") == "a\xef\xbf\xbd");
    }
    TEST_CASE("keeps everything else") {
        for (auto const* const text : {"plain", "日本語 — é", "⚙️ 🚨", "\xc2\xa0", "[31m"})
            CHECK(printable(text) == text);
    }
    TEST_CASE("is all that any line holds") {
        for (auto const* const type :
             {"task.completed", "task.failed", "task.started", "session.failed", "agent.failed", "custom",
              "odd\x1b[31m", "session.\x1b[2J"}) {
            auto const line = render_line(
                type,
                "{\"task_id\":\"\\u001b[31mT\",\"title\":\"a\\nb\\u009b31m\",\"error\":\"\\u001b]0;x\\u0007\","
                "\"message\":"
                "\"\\u0000\\u007f\",\"runtime\":\"\\u001bc\",\"tool\":\"\\u001b[1m\",\"k\\u001b\":\"\x7f\"}"
            );
            CAPTURE(line);
            CHECK(harmless(line));
        }
    }
}
