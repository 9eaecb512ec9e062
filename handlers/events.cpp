#include "core/event_query.hpp"
#include "core/json.hpp"
#include "core/number.hpp"
#include "handlers/append.hpp"
#include "handlers/event_page.hpp"
#include "handlers/routes.hpp"
#include "http/negotiate.hpp"
#include "ingest/cloud_event_headers.hpp"
#include "ingest/event_body.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <utility>

namespace macp::handlers {
namespace {

namespace asio = boost::asio;
using async::Task;
using core::ErrorCode;
using core::fail;
using core::pass_on;
using core::Result;

constexpr std::array<std::string_view, 2> own_parameters{"access_token", "cursor"};
constexpr std::string_view ndjson_type = "application/x-ndjson";
constexpr std::string_view json_type = "application/json";
constexpr std::string_view cloud_event_type = "application/cloudevents+json";
constexpr std::string_view cloud_batch_type = "application/cloudevents-batch+json";

Result<NewEvents> parse_binary(http::Request const& request, ingest::EventDefaults const& defaults) {
    ingest::HeaderMap const headers{request.headers.begin(), request.headers.end()};
    auto event = ingest::event_from_binary(headers, request.body, defaults);
    if (!event) return pass_on(event);
    NewEvents one;
    one.push_back(*std::move(event));
    return one;
}

Task<Result<NewEvents>> events_of(Services const& services, http::Request const& request) {
    ingest::EventDefaults const defaults{.source = "/api/events", .received = services.clock.now()};
    // A CloudEvent in binary mode may have a body of any type.
    bool const binary = ingest::is_binary_cloud_event({request.headers.begin(), request.headers.end()});
    auto const type = binary
                          ? Result<std::string>{}
                          : http::require_type(request, {json_type, ndjson_type, cloud_event_type, cloud_batch_type});
    if (!type) co_return pass_on(type);
    auto parse = [&request, &type, &defaults, binary] {
        return binary ? parse_binary(request, defaults) : ingest::events_from_body(*type, request.body, defaults);
    };
    if (request.body.size() < large_body_bytes) co_return parse();
    co_return co_await services.readers.run(std::move(parse));
}

Task<Result<http::Response>> post_events(Services const& services, http::Request request) {
    auto events = co_await events_of(services, request);
    co_return co_await append_events(services, request, std::move(events), accepted_document);
}

/// Hands out a range line by line. Owned by the response that streams it.
struct LineStream {
    Services const& services;
    Range range;
    bool end = false;

    /// Reads on until there is something to send: between two pages others have their turn on the readers, and a
    /// client that has gone ends it.
    static Task<Result<std::string>> next(std::shared_ptr<LineStream> self) {
        while (!self->end) {
            auto job = [&self] { return read_lines(self->services.log, self->range); };
            auto lines = co_await self->services.readers.run(std::move(job));
            if (!lines) co_return pass_on(lines);
            self->end = lines->end;
            if (!lines->text.empty()) co_return std::move(lines->text);
            auto const state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none) {
                co_return fail(ErrorCode::Unavailable, "the gateway is stopping, or the client has gone");
            }
        }
        co_return std::string{};
    }
};

http::Response stream_lines(Services const& services, Range range) {
    if (!range.until) range.until = services.log.tail().last();  // what is there now: following is for /stream
    auto stream = std::make_shared<LineStream>(services, std::move(range));
    return {.content_type = std::string{ndjson_type}, .stream = [stream] { return LineStream::next(stream); }};
}

Task<Result<http::Response>> list_events(Services const& services, http::Request request) {
    auto const type = http::choose_type(request, {json_type, ndjson_type});
    if (!type) co_return pass_on(type);
    auto query = core::parse_event_query(request.query, own_parameters);
    if (!query) co_return pass_on(query);
    if (auto const cursor = request.parameter("cursor")) {
        auto position = core::parse_position(*cursor);
        if (!position) co_return fail(ErrorCode::InvalidField, position.error().message, "cursor");
        query->since = *std::move(position);
    }
    bool const lines = *type == ndjson_type;
    if (lines && !query->limit) query->limit = std::numeric_limits<std::size_t>::max();

    auto resolve = [&services, &query] {
        return resolve_range(services.log, *query, {.kind = core::Position::Kind::Start});
    };
    auto range = co_await services.readers.run(std::move(resolve));
    if (!range) co_return pass_on(range);
    if (lines) co_return stream_lines(services, *std::move(range));
    auto read = [&services, &range] { return read_page(services.log, *range); };
    auto page = co_await services.readers.run(std::move(read));
    if (!page) co_return pass_on(page);
    co_return http::json_response(*std::move(page));
}

Result<std::string> read_event(events::EventLog& log, core::Seq seq) {
    auto const page = log.read(seq - 1, {}, {.events = 1, .until = seq});
    if (!page) return pass_on(page);
    if (!page->events.empty()) return std::string{page->events[0].text};
    auto const why = seq > log.tail().last() ? "no event has this number yet" : "retention has taken this event";
    return fail(ErrorCode::NotFound, "there is no event " + std::to_string(seq) + ": " + why);
}

Task<Result<http::Response>> get_event(Services const& services, http::Request request) {
    auto const seq = core::parse_number<core::Seq>(request.param("seq")).value_or(0);
    if (seq == 0) {
        co_return fail(ErrorCode::InvalidField, "an event's number is a whole number from 1 on", "seq");
    }
    auto job = [&services, seq] { return read_event(services.log, seq); };
    auto event = co_await services.readers.run(std::move(job));
    if (!event) co_return pass_on(event);
    co_return http::json_response(*std::move(event));
}

}  // namespace

Routes event_routes(Services const& services) {
    auto const post = [&services](auto request) { return post_events(services, std::move(request)); };
    auto const list = [&services](auto request) { return list_events(services, std::move(request)); };
    auto const get = [&services](auto request) { return get_event(services, std::move(request)); };
    Routes routes{
        {.method = "GET", .pattern = "/api/events", .operation_id = "listEvents", .handler = list},
        {.method = "GET", .pattern = "/api/events/{seq}", .operation_id = "getEvent", .handler = get},
    };
    using Alias = std::pair<std::string_view, std::string_view>;
    for (auto const& [pattern, operation] :
         {Alias{"/api/events", "postEvents"}, Alias{"/api/event", "postEventsAtApiEvent"},
          Alias{"/event", "postEventsAtEvent"}, Alias{"/events", "postEventsAtEvents"},
          Alias{"/macp/events", "postEventsAtMacpEvents"}}) {
        routes.push_back(
            {.method = "POST",
             .pattern = pattern,
             .operation_id = operation,
             .scope = http::Scope::Ingest,
             .body = http::BodyLimit::Bulk,
             .handler = post}
        );
    }
    return routes;
}

}  // namespace macp::handlers
