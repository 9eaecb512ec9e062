#include "core/json.hpp"
#include "core/number.hpp"
#include "handlers/page.hpp"
#include "handlers/routes.hpp"
#include "handlers/webhook_documents.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace macp::handlers {
namespace {

using async::Task;
using core::pass_on;
using core::Result;
using Json = nlohmann::json;

http::Response page_response(Json items, Json next) {
    return http::json_response(core::dump_json({{"items", std::move(items)}, {"next_cursor", std::move(next)}}));
}

Task<Result<http::Response>> list_webhooks(Services const& services, http::Request request) {
    auto const query = page_query(request);
    if (!query) co_return pass_on(query);
    auto const all = co_await services.targets.list();
    Json items = Json::array();
    Json next;
    for (auto const& status : all) {
        if (query->cursor && status.id <= *query->cursor) continue;
        if (items.size() == query->limit) {
            next = items.back()["id"];
            break;
        }
        items.push_back(webhook_document(status, services.log.epoch()));
    }
    co_return page_response(std::move(items), std::move(next));
}

Task<Result<http::Response>> get_webhook(Services const& services, http::Request request) {
    std::string id{request.param("id")};
    auto const status = co_await services.targets.status(std::move(id));
    if (!status) co_return pass_on(status);
    co_return http::json_response(core::dump_json(webhook_document(*status, services.log.epoch())));
}

/// Cursors of attempts are `slot-records`.
std::optional<delivery::AttemptPlace> parse_place(std::string_view text) {
    auto const dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    auto const slot = core::parse_number<std::uint64_t>(text.substr(0, dash));
    auto const records = core::parse_number<std::size_t>(text.substr(dash + 1));
    if (!slot || !records) return std::nullopt;
    return delivery::AttemptPlace{.slot = *slot, .records = *records};
}

Task<Result<http::Response>> list_attempts(Services const& services, http::Request request) {
    auto const query = page_query(request);
    if (!query) co_return pass_on(query);
    auto const place = query->cursor ? parse_place(*query->cursor) : std::nullopt;
    if (query->cursor && !place) co_return foreign_cursor();
    std::string id{request.param("id")};
    auto const page = co_await services.targets.attempts(std::move(id), query->limit, place);
    if (!page) co_return pass_on(page);
    Json items = Json::array();
    for (auto const& attempt : page->records) items.push_back(attempt_document(attempt));
    Json next;
    if (page->next) next = std::to_string(page->next->slot) + '-' + std::to_string(page->next->records);
    co_return page_response(std::move(items), std::move(next));
}

Task<Result<http::Response>> list_dead_letters(Services const& services, http::Request request) {
    auto const query = page_query(request);
    if (!query) co_return pass_on(query);
    auto const after = query->cursor ? core::parse_number<core::Seq>(*query->cursor) : core::Seq{0};
    if (!after) co_return foreign_cursor();
    std::string id{request.param("id")};
    auto const letters = co_await services.targets.dead_letters(id, *after, query->limit);
    if (!letters) co_return pass_on(letters);
    Json items = Json::array();
    for (auto const& letter : *letters) items.push_back(dead_letter_document(letter));
    Json next;
    if (!letters->empty()) {  // the page may be short because its letters are long
        auto const last = letters->back().seq;
        auto const more = co_await services.targets.dead_letters(std::move(id), last, 1);
        if (!more) co_return pass_on(more);
        if (!more->empty()) next = std::to_string(last);
    }
    co_return page_response(std::move(items), std::move(next));
}

Task<Result<http::Response>> list_event_deliveries(Services const& services, http::Request request) {
    auto const seq = core::parse_number<core::Seq>(request.param("seq"));
    if (!seq || *seq == 0) {
        co_return core::fail(core::ErrorCode::InvalidField, "an event's number is a whole number from 1 on", "seq");
    }
    auto const all = co_await services.targets.explain(*seq);
    if (!all) co_return pass_on(all);
    Json items = Json::array();
    for (auto const& explanation : *all) items.push_back(explanation_document(explanation));
    co_return http::json_response(core::dump_json({{"seq", *seq}, {"items", std::move(items)}}));
}

}  // namespace

Routes webhook_list_routes(Services const& services) {
    auto const route = [&services](std::string_view pattern, std::string_view operation, auto handler) {
        auto const handle = [&services, handler](auto request) { return handler(services, std::move(request)); };
        return http::Route{.method = "GET", .pattern = pattern, .operation_id = operation, .handler = handle};
    };
    return {
        route("/api/webhooks", "listWebhooks", list_webhooks),
        route("/api/webhooks/{id}", "getWebhook", get_webhook),
        route("/api/webhooks/{id}/deliveries", "listWebhookDeliveries", list_attempts),
        route("/api/webhooks/{id}/dead-letters", "listDeadLetters", list_dead_letters),
        route("/api/events/{seq}/deliveries", "listEventDeliveries", list_event_deliveries),
    };
}

}  // namespace macp::handlers
