#include "ws/upgrade.hpp"

#include "ws/handshake.hpp"
#include "ws/hub_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>

using namespace macp;
using testing::HubFixture;

namespace {

http::Request handshake(http::Pairs query = {}) {
    return {
        .method = "GET",
        .path = "/ws",
        .query = std::move(query),
        .headers =
            {{"connection", "keep-alive, Upgrade"},
             {"upgrade", "websocket"},
             {"sec-websocket-version", "13"},
             {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}}
    };
}

std::optional<std::string> header(http::Response const& response, std::string_view name) {
    auto const found = std::ranges::find(response.headers, name, &std::pair<std::string, std::string>::first);
    if (found == response.headers.end()) return std::nullopt;
    return found->second;
}

void check_426(core::Result<http::Response> const& answer, std::string_view says) {
    REQUIRE(answer);
    CHECK(answer->status == 426);
    CHECK(answer->body.find(says) != std::string::npos);
    CHECK(header(*answer, "Upgrade") == "websocket");
    CHECK(header(*answer, "Connection") == "Upgrade");
    CHECK(header(*answer, "Sec-WebSocket-Version") == "13");
}

}  // namespace

TEST_SUITE("opening handshake") {
    TEST_CASE("takes version 13") {
        HubFixture fixture;
        auto const answer = ws::open_websocket(handshake(), fixture.hub());
        REQUIRE(answer);
        CHECK(answer->status == 101);
    }

    TEST_CASE("answers 426, with the version spoken, to other versions and to no WebSocket at all") {
        HubFixture fixture;
        auto request = handshake();
        for (auto const* const version : {"12", "8", "", "13, 8"}) {
            request.headers[2].second = version;
            check_426(ws::open_websocket(request, fixture.hub()), "Sec-WebSocket-Version: 13");
            check_426(ws::open_echo(request), "Sec-WebSocket-Version: 13");
        }
        request.headers.erase(request.headers.begin() + 2);
        check_426(ws::open_websocket(request, fixture.hub()), "Sec-WebSocket-Version: 13");
        request.headers.clear();
        check_426(ws::open_websocket(request, fixture.hub()), "Upgrade: websocket");
    }

    TEST_CASE("lets in as many as there are seats, over all doors") {
        HubFixture fixture{[](auto& setup) { setup.ws.max_subscribers = 2; }};
        auto const open = [&fixture] { return ws::open_websocket(handshake(), fixture.hub()); };
        auto const first = open();
        CHECK(!ws::open_websocket(handshake({{"since", "yesterday"}}), fixture.hub()));  // takes no seat
        {
            auto const second = ws::open_event_stream(handshake(), fixture.hub());
            REQUIRE(second);
            auto const third = open();
            REQUIRE_FALSE(third);
            CHECK(third.error().code == core::ErrorCode::Overloaded);
            CHECK(ws::open_event_stream(handshake(), fixture.hub()).error().code == core::ErrorCode::Overloaded);
        }
        CHECK(open());
    }

    TEST_CASE("takes positions alone for `since`, and says so on WebSocket and stream") {
        HubFixture fixture;
        for (auto const* const since : {"now", "start", "0"}) {
            CHECK(ws::open_websocket(handshake({{"since", since}}), fixture.hub()));
            CHECK(ws::open_event_stream(handshake({{"since", since}}), fixture.hub()));
        }
        for (auto const* const since : {"yesterday", "", "x:y", "2026-03-31T09:00:00Z"}) {
            CAPTURE(since);
            for (auto* const open : {&ws::open_websocket, &ws::open_event_stream}) {
                auto const refused = (*open)(handshake({{"since", since}}), fixture.hub());
                REQUIRE_FALSE(refused);
                CHECK(refused.error().field == "since");
                CHECK(refused.error().message.find("or a time") == std::string::npos);
            }
        }
        auto const time = ws::open_websocket(handshake({{"since", "2026-03-31T09:00:00Z"}}), fixture.hub());
        CHECK(time.error().message.find("GET /api/events") != std::string::npos);
    }

    TEST_CASE("refuses what only pages have, and what stands twice") {
        HubFixture fixture;
        std::vector<std::pair<http::Pairs, std::string>> const cases{
            {{{"until", "5"}}, "until"},
            {{{"limit", "5"}}, "limit"},
            {{{"since", "1"}, {"since", "2"}}, "since"},
            {{{"interval_ms", "100"}, {"interval_ms", "200"}}, "interval_ms"},
            {{{"channels", "events"}, {"channels", "telemetry"}}, "channels"},
        };
        for (auto const& [query, field] : cases) {
            auto const refused = ws::open_websocket(handshake(query), fixture.hub());
            REQUIRE_FALSE(refused);
            CHECK(refused.error().field == field);
        }
    }
}
