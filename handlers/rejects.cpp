#include "ingest/rejects.hpp"

#include "core/event_query.hpp"
#include "handlers/append.hpp"
#include "handlers/idempotency.hpp"
#include "handlers/routes.hpp"

#include <algorithm>
#include <array>

namespace macp::handlers {
namespace {

using async::Task;
using core::pass_on;
using core::Result;

/// Cursors are ids of rejects, which are UUIDs; nothing else is one of ours.
bool is_cursor(std::string_view text) {
    constexpr std::string_view shape = "00000000-0000-0000-0000-000000000000";
    return std::ranges::equal(text, shape, [](char c, char wanted) {
        bool const hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        return wanted == '-' ? c == '-' : hex;
    });
}

constexpr std::size_t page_bytes = std::size_t{4} << 20;  // far above one reject: there is always one that fits

std::string page_of(std::vector<events::Row> const& rows, std::size_t limit) {
    // One more was asked for than fits, in number or in bytes: it tells that there is another page.
    std::string items;
    std::size_t shown = 0;
    for (; shown < std::min(rows.size(), limit); ++shown) {
        auto const& value = rows[shown].value;
        if (!value || items.size() + value->size() >= page_bytes) break;
        items.append(shown == 0 ? "" : ",").append(*value);
    }
    auto const next = shown < rows.size() ? '"' + rows[shown - 1].key + '"' : std::string{"null"};
    return R"({"items":[)" + items + R"(],"next_cursor":)" + next + '}';
}

Task<Result<http::Response>> list_rejects(Services const& services, http::Request request) {
    constexpr std::array<std::string_view, 2> own{"cursor", "access_token"};
    auto const query = core::parse_event_query(request.query, own);
    if (!query) co_return pass_on(query);
    for (auto const& [name, value] : request.query) {
        if (name == "limit" || name == "cursor" || name == "access_token") continue;
        co_return core::fail(core::ErrorCode::InvalidField, "rejects have no parameter `" + name + "`", name);
    }
    auto const limit = query->limit.value_or(100);
    auto const cursor = request.parameter("cursor");
    if (cursor && !is_cursor(*cursor)) {
        co_return core::fail(core::ErrorCode::InvalidField, "cursor must be the `next_cursor` of a page", "cursor");
    }
    std::string after{cursor.value_or("")};
    auto job = [&services, after = std::move(after), limit] {
        return ingest::list_rejects(services.log, after, limit + 1, page_bytes);
    };
    auto const rows = co_await services.readers.run(std::move(job));
    if (!rows) co_return pass_on(rows);
    co_return http::json_response(page_of(*rows, limit));
}

Task<Result<http::Response>> retry_reject(Services const& services, http::Request request) {
    auto once = once_for(request, accepted_document);
    if (!once) co_return pass_on(once);
    auto job = [&services, &request, &once] {
        return ingest::retry_reject(services.log, services.clock, request.param("id"), *once);
    };
    auto const result = co_await services.readers.run(std::move(job));
    if (!result) co_return pass_on(result);
    co_return accepted_response(request, *result, accepted_document);
}

}  // namespace

Routes reject_routes(Services const& services) {
    auto const list = [&services](auto request) { return list_rejects(services, std::move(request)); };
    auto const retry = [&services](auto request) { return retry_reject(services, std::move(request)); };
    return {
        {.method = "GET", .pattern = "/api/ingest/rejects", .operation_id = "listRejects", .handler = list},
        {.method = "POST",
         .pattern = "/api/ingest/rejects/{id}/retry",
         .operation_id = "retryReject",
         .scope = http::Scope::Control,
         .body = http::BodyLimit::Control,
         .handler = retry},
    };
}

}  // namespace macp::handlers
