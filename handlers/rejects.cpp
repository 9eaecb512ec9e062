#include "ingest/rejects.hpp"

#include "core/event_query.hpp"
#include "handlers/routes.hpp"

#include <array>

namespace macp::handlers {
namespace {

using async::Task;
using core::pass_on;
using core::Result;

std::string page_of(std::vector<events::Row> const& rows, std::size_t limit) {
    std::string body = R"({"items":[)";
    for (std::size_t i = 0; i < rows.size() && i < limit; ++i) {
        if (i != 0) body += ',';
        body += *rows[i].value;
    }
    // One more was asked for than fits: it tells that there is another page.
    body += R"(],"next_cursor":)";
    return body + (rows.size() > limit ? '"' + rows[limit - 1].key + '"' : std::string{"null"}) + '}';
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
    std::string after{request.parameter("cursor").value_or("")};
    auto job = [&services, after = std::move(after), limit] {
        return ingest::list_rejects(services.log, after, limit + 1);
    };
    auto const rows = co_await services.readers.run(std::move(job));
    if (!rows) co_return pass_on(rows);
    co_return http::json_response(page_of(*rows, limit));
}

Task<Result<http::Response>> retry_reject(Services const& services, http::Request request) {
    std::string id{request.param("id")};
    auto job = [&services, id = std::move(id)] { return ingest::retry_reject(services.log, services.clock, id); };
    auto const seq = co_await services.readers.run(std::move(job));
    if (!seq) co_return pass_on(seq);
    auto const text = std::to_string(*seq);
    co_return http::json_response(
        R"({"accepted":1,"repeats":0,"first_seq":)" + text + R"(,"last_seq":)" + text + "}", 202
    );
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
