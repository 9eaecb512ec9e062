#include "io/url.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using macp::io::parse_url;

TEST_SUITE_BEGIN("io: URLs");

TEST_CASE("reads scheme, host, port and target") {
    struct Case {
        std::string text, origin, authority, host, target;
    };
    std::array<Case, 6> const cases{{
        {"http://127.0.0.1:25294", "http://127.0.0.1:25294", "127.0.0.1:25294", "127.0.0.1", "/"},
        {"https://Example.org/a?b=c#d", "https://example.org", "example.org", "example.org", "/a?b=c"},
        {"ws://localhost:80/ws", "http://localhost", "localhost", "localhost", "/ws"},
        {"WSS://h:8443?x", "https://h:8443", "h:8443", "h", "/?x"},
        {"http://[::1]:9000/x", "http://[::1]:9000", "[::1]:9000", "::1", "/x"},
        {"http://[fe80::1]", "http://[fe80::1]", "[fe80::1]", "fe80::1", "/"},
    }};
    for (auto const& [text, origin, authority, host, target] : cases) {
        CAPTURE(text);
        auto const url = parse_url(text);
        REQUIRE(url);
        CHECK(url->origin() == origin);
        CHECK(url->authority() == authority);
        CHECK(url->host == host);
        CHECK(url->target == target);
    }
}

TEST_CASE("refuses what it cannot use, and says which") {
    for (auto const* text :
         {"", "127.0.0.1:1", "ftp://h", "http://", "http://:80", "http://h:0", "http://h:65536",
          "http://h:", "http://h:1x", "http://u:p@h/", "http://h/a b", "http://h/\r\nX: y", "http://[]/"}) {
        CAPTURE(text);
        auto const url = parse_url(text);
        REQUIRE_FALSE(url);
        CHECK(url.error().code == macp::core::ErrorCode::InvalidField);
    }
    CHECK(parse_url("http://u:secret@h/").error().message.find("secret") == std::string::npos);
}

TEST_CASE("escapes all but the unreserved characters") {
    CHECK(macp::io::percent_encode("task.*&a=\xc3\xa9 ~") == "task.%2A%26a%3D%C3%A9%20~");
}

TEST_SUITE_END();
