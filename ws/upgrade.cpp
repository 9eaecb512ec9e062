#include "ws/upgrade.hpp"

#include "core/event_query.hpp"
#include "core/number.hpp"
#include "ws/handshake.hpp"
#include "ws/hub.hpp"
#include "ws/session.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace macp::ws {
namespace {

using async::Task;
using core::fail;
using core::pass_on;
using core::Result;

constexpr std::array<std::string_view, 6> own_parameters{"access_token", "channels", "interval_ms",
                                                         "limit",        "since",    "until"};

Format choose_protocol(http::Request const& request, std::string_view& chosen) {
    auto const offered = list_of(request.header("sec-websocket-protocol").value_or(""));
    for (auto const name : offered) {
        if (auto const format = find_protocol(name)) {
            chosen = protocol_name(*format);
            return *format;
        }
    }
    return Format::Macp;
}

Result<std::chrono::milliseconds> parse_interval(std::string_view text) {
    auto const value = core::parse_number<unsigned>(text);
    if (!value || *value < min_telemetry_interval.count() || *value > max_telemetry_interval.count()) {
        return fail(
            core::ErrorCode::InvalidField, "interval_ms must be a whole number from 100 to 3600000", "interval_ms"
        );
    }
    return std::chrono::milliseconds{*value};
}

/// A position; a time, which pages take, makes no place to go on from.
Result<core::Position> parse_since(std::string_view text) {
    auto position = core::parse_position(text);
    if (position) return position;
    auto message = position.error().message;
    if (core::parse_time(text)) message = "here `since` is a position: only GET /api/events takes a time";
    return fail(core::ErrorCode::InvalidField, std::move(message), "since");
}

/// What ends a page has no sense here, and is no field of data either.
Result<void> refuse_ends(http::Request const& request) {
    for (auto const* const name : {"limit", "until"}) {
        if (!request.parameter(name)) continue;
        auto message = std::string{name} + " is for pages (GET /api/events): this has no end";
        return fail(core::ErrorCode::InvalidField, std::move(message), name);
    }
    return {};
}

Result<Channels> channels_of(std::string_view names, Format format) {
    auto const items = list_of(names);
    auto const channels = parse_channels({items.begin(), items.end()}, format != Format::CloudEvents);
    if (!channels) return fail(channels.error().code, channels.error().message, "channels");
    return *channels;
}

/// What the query subscribes to; nothing when it asks for nothing.
Result<std::optional<Subscribe>> opening_of(http::Request const& request, Format format) {
    if (auto const endless = refuse_ends(request); !endless) return pass_on(endless);
    Subscribe wanted{.channels = {}};
    auto const names = request.parameter("channels");
    if (names) {
        auto const channels = channels_of(*names, format);
        if (!channels) return pass_on(channels);
        wanted.channels = *channels;
    }
    if (auto const interval = request.parameter("interval_ms")) {
        auto const parsed = parse_interval(*interval);
        if (!parsed) return pass_on(parsed);
        wanted.telemetry_interval = *parsed;
    }
    auto query = core::parse_event_query(request.query, own_parameters);
    if (!query) return pass_on(query);
    auto const since = request.parameter("since");
    bool const asks = !query->filter.passes_all() || since;
    if (asks && !names) wanted.channels.events = true;
    if (since) {
        auto position = parse_since(*since);
        if (!position) return pass_on(position);
        wanted.since = *std::move(position);
    }
    wanted.filter = std::move(query->filter);
    if (!wanted.channels.events && !wanted.channels.telemetry) return std::optional<Subscribe>{};
    return std::optional{std::move(wanted)};
}

Task<> serve(
    Hub& hub, std::unique_ptr<http::Transport> transport, std::string head, std::string leftover, Format format,
    Peer peer, std::optional<Subscribe> opening, [[maybe_unused]] Seats::Seat seat
) {
    auto const written = co_await transport->write(head);  // of SSE it is the first comment
    if (written.error) co_return;
    head = {};  // what this holds, it holds as long as the session lives
    auto session = std::make_shared<Session>(hub, std::move(transport), format, std::move(peer));
    co_await Session::run(std::move(session), std::move(leftover), std::move(opening));
}

http::Response hand_over(
    http::Request const& request, Hub& hub, std::string head, Format format, std::optional<Subscribe> opening,
    Seats::Seat seat
) {
    Peer peer{.id = request.id, .remote = request.remote, .caller = request.caller};
    http::Response response{.status = 101};
    response.takeover = [&hub, head = std::move(head), format, peer = std::move(peer), opening = std::move(opening),
                         seat = std::move(seat)](std::unique_ptr<http::Transport> transport, std::string leftover) {
        return serve(hub, std::move(transport), head, std::move(leftover), format, peer, opening, seat);
    };
    return response;
}

tl::unexpected<core::Error> no_room() {
    return core::fail_for_now(
        core::ErrorCode::Overloaded, "too many subscribers; see ws.max_subscribers", std::chrono::seconds{5}
    );
}

}  // namespace

Result<http::Response> open_websocket(http::Request const& request, Hub& hub) {
    if (!wants_upgrade(request)) return upgrade_required(request);
    auto seat = hub.take_seat();
    if (!seat) return no_room();
    std::string_view protocol;
    auto const format = choose_protocol(request, protocol);
    auto opening = opening_of(request, format);
    if (!opening) return pass_on(opening);
    auto head = accept_upgrade(request, protocol);
    if (!head) return pass_on(head);
    return hand_over(request, hub, *std::move(head), format, *std::move(opening), std::move(seat));
}

Result<http::Response> open_event_stream(http::Request const& request, Hub& hub) {
    auto seat = hub.take_seat();
    if (!seat) return no_room();
    auto opening = opening_of(request, Format::Sse);
    if (!opening) return pass_on(opening);
    auto wanted = (*opening).value_or(Subscribe{});
    if (wanted.channels.telemetry && !wanted.channels.events && !request.parameter("channels"))
        wanted.channels.events = true;
    if (auto const last = request.header("last-event-id"); last && !last->empty()) {
        auto const position = core::parse_position(*last);
        if (!position) return fail(core::ErrorCode::InvalidField, position.error().message, "Last-Event-ID");
        wanted.since = *position;
    }
    auto response =
        hand_over(request, hub, ": open\n\n", Format::Sse, std::optional{std::move(wanted)}, std::move(seat));
    response.status = 200;
    response.content_type = "text/event-stream";
    response.headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}};
    return response;
}

}  // namespace macp::ws
