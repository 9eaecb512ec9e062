#include "core/event_query.hpp"
#include "core/json.hpp"
#include "handlers/event_page.hpp"
#include "handlers/idempotency.hpp"
#include "handlers/routes.hpp"
#include "http/negotiate.hpp"
#include "ingest/event_body.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <memory>
#include <utility>

namespace macp::handlers {
namespace {

using async::Task;
using core::ErrorCode;
using core::fail;
using core::pass_on;
using core::Result;
using NewEvents = std::vector<core::NewEvent>;

constexpr std::array<std::string_view, 2> own_parameters{"access_token", "cursor"};
constexpr std::string_view ndjson_type = "application/x-ndjson";
constexpr std::string_view json_type = "application/json";
constexpr std::size_t large_body = std::size_t{64} << 10;  // from here on it is parsed off the loop

Result<NewEvents> parse_body(std::string_view type, std::string_view body, ingest::EventDefaults const& defaults) {
    if (type == ndjson_type) return ingest::events_from_ndjson(body, defaults);
    return ingest::events_from_json(body, defaults);
}

std::string accepted_document(events::CommitResult const& result) {
    auto const [first, last] = std::ranges::minmax_element(result.seqs);
    auto const text = [&](auto at) { return at == result.seqs.end() ? std::string{"null"} : std::to_string(*at); };
    return R"({"accepted":)" + std::to_string(result.seqs.size()) + R"(,"repeats":)" + std::to_string(result.repeats) +
           R"(,"first_seq":)" + text(first) + R"(,"last_seq":)" + text(last) + '}';
}

Task<Result<NewEvents>> events_of(Services const& services, http::Request const& request) {
    auto const type = http::require_type(
        request, {json_type, ndjson_type, "application/cloudevents+json", "application/cloudevents-batch+json"}
    );
    if (!type) co_return pass_on(type);
    ingest::EventDefaults const defaults{.source = "/api/events", .received = services.clock.now()};
    if (request.body.size() < large_body) co_return parse_body(*type, request.body, defaults);
    auto job = [&type, &request, &defaults] { return parse_body(*type, request.body, defaults); };
    co_return co_await services.readers.run(std::move(job));
}

/// Keeps a body that was refused for what it says, so that its sender's mistake can be looked at, and mended, later.
void keep_refused(Services const& services, http::Request const& request, core::Error const& error) {
    if (error.code != ErrorCode::BadJson && error.code != ErrorCode::InvalidField) return;
    events::Commit commit;
    services.rejects.add(
        commit, {.reason = error.field.empty() ? error.message : error.field + ": " + error.message,
                 .text = request.body,
                 .bytes = request.body.size(),
                 .door = request.method + ' ' + request.path,
                 .received = services.clock.now()}
    );
    // The client's answer does not depend on it: a log that cannot keep it says so in its own state.
    services.log.commit(std::move(commit), [](auto const& /*result*/) {});
}

Task<Result<http::Response>> post_events(Services const& services, http::Request request) {
    auto once = once_for(request, accepted_document);
    if (!once) co_return pass_on(once);
    auto events = co_await events_of(services, request);
    if (!events) {
        keep_refused(services, request, events.error());
        co_return pass_on(events);
    }
    events::Commit commit{.events = *std::move(events), .once = *std::move(once)};
    auto const result = co_await services.log.commit(std::move(commit));
    if (!result) co_return pass_on(result);
    if (!result->existing) co_return http::json_response(accepted_document(*result), 202);

    auto stored = replay_answer(request, *result->existing);
    if (!stored) co_return pass_on(stored);
    co_return http::json_response(*std::move(stored), 202);
}

/// Hands out a range line by line. Owned by the response that streams it.
struct LineStream {
    Services const& services;
    Range range;

    static Task<Result<std::string>> next(std::shared_ptr<LineStream> self) {
        auto job = [&self] { return read_lines(self->services.log, self->range); };
        co_return co_await self->services.readers.run(std::move(job));
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
    auto const text = request.param("seq");
    core::Seq seq = 0;
    auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
    if (error != std::errc{} || stop != text.data() + text.size() || seq == 0) {
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
    return {
        {.method = "POST",
         .pattern = "/api/events",
         .operation_id = "postEvents",
         .scope = http::Scope::Ingest,
         .body = http::BodyLimit::Bulk,
         .handler = post},
        {.method = "GET", .pattern = "/api/events", .operation_id = "listEvents", .handler = list},
        {.method = "GET", .pattern = "/api/events/{seq}", .operation_id = "getEvent", .handler = get},
    };
}

}  // namespace macp::handlers
