#include "client/backoff.hpp"

#include <doctest/doctest.h>

using macp::client::Backoff;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("client: back-off");

TEST_CASE("doubles what it draws from, up to its cap, and begins anew after a success") {
    Backoff backoff{{.base = 200ms, .cap = 1s, .random = [] { return 0.5; }}};
    CHECK(backoff.next() == 100ms);
    CHECK(backoff.next() == 200ms);
    CHECK(backoff.next() == 400ms);
    CHECK(backoff.next() == 500ms);
    CHECK(backoff.next() == 500ms);
    backoff.reset();
    CHECK(backoff.next() == 100ms);
}

TEST_CASE("draws from all of it, nothing included") {
    Backoff none{{.random = [] { return 0.0; }}};
    CHECK(none.next() == 0ms);
    Backoff own{{.base = 1s, .cap = 1s}};
    for (int i = 0; i < 1000; ++i) {
        auto const wait = own.next();
        CHECK(wait >= 0ms);
        CHECK(wait < 1s);
    }
}

TEST_SUITE_END();
