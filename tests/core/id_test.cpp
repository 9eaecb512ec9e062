#include "core/id.hpp"

#include <doctest/doctest.h>

#include <set>
#include <thread>
#include <vector>

using namespace macp::core;

TEST_SUITE("id") {
    TEST_CASE("is a UUIDv7 that begins with the millisecond") {
        auto const id = make_uuid7(Time{std::chrono::milliseconds{0x0193'4567'89ab}});
        REQUIRE(id.size() == 36);
        CHECK(id.substr(0, 13) == "01934567-89ab");
        CHECK(id[14] == '7');
        CHECK(std::string{"89ab"}.find(id[19]) != std::string::npos);
        for (std::size_t i = 0; i < id.size(); ++i) {
            bool const dash = i == 8 || i == 13 || i == 18 || i == 23;
            CHECK((dash ? id[i] == '-' : std::string{"0123456789abcdef"}.find(id[i]) != std::string::npos));
        }
    }

    TEST_CASE("rises within a thread while the clock stands still or goes back") {
        auto const now = *parse_time("2090-01-01T00:00:00Z");  // later than any other test's clock
        auto last = make_uuid7(now);
        for (int i = 0; i < 10'000; ++i) {
            auto next = make_uuid7(i % 2 == 0 ? now : now - std::chrono::hours{1});
            REQUIRE(next > last);
            last = std::move(next);
        }
    }

    TEST_CASE("is never given twice, not by two threads either") {
        std::vector<std::vector<std::string>> made(4);
        std::vector<std::thread> threads;
        for (auto& ids : made) {
            threads.emplace_back([&ids] {
                for (int i = 0; i < 5000; ++i) ids.push_back(make_uuid7(Time{std::chrono::seconds{1}}));
            });
        }
        for (auto& thread : threads) thread.join();
        std::set<std::string> all;
        for (auto const& ids : made) all.insert(ids.begin(), ids.end());
        CHECK(all.size() == 20'000);
    }

    TEST_CASE("has random hex of the length asked for") {
        CHECK(random_hex(0).empty());
        CHECK(random_hex(5000).size() == 10'000);
        CHECK(random_hex(16) != random_hex(16));
    }

    TEST_CASE("compares secrets whatever their lengths") {
        CHECK(equal_in_constant_time("secret", "secret"));
        CHECK(equal_in_constant_time("", ""));
        for (auto const* const other : {"", "s", "secreT", "Secret", "secretsecret", "secret "}) {
            CHECK_FALSE(equal_in_constant_time("secret", other));
            CHECK_FALSE(equal_in_constant_time(other, "secret"));
        }
    }
}
