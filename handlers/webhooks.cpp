#include "core/json.hpp"
#include "handlers/idempotency.hpp"
#include "handlers/routes.hpp"
#include "handlers/webhook_body.hpp"
#include "handlers/webhook_documents.hpp"
#include "http/negotiate.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace macp::handlers {
namespace {

using async::Task;
using core::pass_on;
using core::Result;
using delivery::Effect;
using delivery::Once;
using Json = nlohmann::json;

constexpr auto json_type = "application/json";

/// What every control call is: it happens once for each key, and is answered with `document`.
/// `call`: makes the effect, with what stores the answer beside it.
template <class Call>
Task<Result<http::Response>> control(
    Services const& services, http::Request const& request, Json document, unsigned status, Call const& call
) {
    document["correlation_id"] = request.id;
    auto text = core::dump_json(document);
    auto earlier = co_await earlier_answer(services, request);
    if (!earlier) co_return pass_on(earlier);
    if (*earlier) co_return http::json_response(**std::move(earlier), status);
    auto once = once_for(request, [text](auto const& /*result*/) { return text; });
    if (!once) co_return pass_on(once);
    auto const effect = co_await call(*std::move(once));
    if (!effect) co_return pass_on(effect);
    if (!effect->existing) co_return http::json_response(std::move(text), status);
    auto stored = replay_answer(request, *effect->existing);
    if (!stored) co_return pass_on(stored);
    co_return http::json_response(*std::move(stored), status);
}

Task<Result<http::Response>> create_webhook(Services const& services, http::Request request) {
    auto const body = json_body(request, {json_type});
    if (!body) co_return pass_on(body);
    auto config = delivery::target_from_json(*body, services.environment);
    if (!config) co_return pass_on(config);
    auto const id = delivery::Targets::new_id();
    auto document = webhook_document(id, delivery::Origin::Api, *config);
    auto const call = [&](Once once) { return services.targets.create(id, *config, std::move(once)); };
    auto response = co_await control(services, request, std::move(document), 201, call);
    if (response) {
        auto const made = core::parse_json(response->body);  // perhaps by an earlier request
        response->headers.emplace_back("Location", "/api/webhooks/" + (*made)["id"].get<std::string>());
    }
    co_return response;
}

Task<Result<http::Response>> update_webhook(Services const& services, http::Request request) {
    auto const body = json_body(request, {json_type, "application/merge-patch+json"});
    if (!body) co_return pass_on(body);
    std::string const id{request.param("id")};
    auto const now = co_await services.targets.status(id);
    if (!now) co_return pass_on(now);
    auto config = delivery::patch_target(now->config, *body, services.environment);
    if (!config) co_return pass_on(config);
    auto const changed = co_await services.targets.update(id, *config);
    if (!changed) co_return pass_on(changed);
    auto document = webhook_document(id, now->origin, *config);
    document["correlation_id"] = request.id;
    co_return http::json_response(core::dump_json(document));
}

Task<Result<http::Response>> delete_webhook(Services const& services, http::Request request) {
    std::string const id{request.param("id")};
    auto const removed = co_await services.targets.remove(id);
    if (!removed) co_return pass_on(removed);
    co_return http::json_response(core::dump_json({{"id", id}, {"deleted", true}, {"correlation_id", request.id}}));
}

Task<Result<http::Response>> pause_webhook(Services const& services, http::Request request) {
    std::string const id{request.param("id")};
    auto const call = [&](Once once) { return services.targets.pause(id, std::move(once)); };
    Json document{{"id", id}, {"paused", true}};
    co_return co_await control(services, request, std::move(document), 200, call);
}

Task<Result<http::Response>> resume_webhook(Services const& services, http::Request request) {
    std::string const id{request.param("id")};
    auto const call = [&](Once once) { return services.targets.resume(id, std::move(once)); };
    Json document{{"id", id}, {"paused", false}};
    co_return co_await control(services, request, std::move(document), 200, call);
}

Task<Result<http::Response>> test_webhook(Services const& services, http::Request request) {
    auto earlier = co_await earlier_answer(services, request);
    if (!earlier) co_return pass_on(earlier);
    if (*earlier) co_return http::json_response(**std::move(earlier));
    std::string const id{request.param("id")};
    auto const attempt = co_await services.targets.test(id);
    if (!attempt) co_return pass_on(attempt);
    auto document = attempt_document(*attempt);
    document["id"] = id;
    // Nothing of it is in the log: only a request with a key leaves its answer there.
    auto const remember = [&services](Once once) { return store_answer(services, std::move(once)); };
    co_return co_await control(services, request, std::move(document), 200, remember);
}

Task<Result<http::Response>> replay_webhook(Services const& services, http::Request request) {
    auto const body = json_body(request, {json_type});
    if (!body) co_return pass_on(body);
    auto wanted = parse_replay(*body);
    if (!wanted) co_return pass_on(wanted);
    auto const stretch = co_await services.targets.stretch(wanted->since, wanted->until);
    if (!stretch) co_return pass_on(stretch);
    std::string const id{request.param("id")};
    auto const& epoch = services.log.epoch();
    Json document{
        {"id", id},
        {"since", core::format_position(epoch, stretch->after)},
        {"until", core::format_position(epoch, stretch->until)},
        {"types", wanted->types}
    };
    if (stretch->gap) document["gap"] = gap_document(*stretch->gap);
    auto const call = [&](Once once) { return services.targets.replay(id, *stretch, wanted->types, std::move(once)); };
    co_return co_await control(services, request, std::move(document), 202, call);
}

Task<Result<http::Response>> redeliver(Services const& services, http::Request request) {
    auto const body = json_body(request, {json_type});
    if (!body) co_return pass_on(body);
    auto const choice = parse_choice(*body);
    if (!choice) co_return pass_on(choice);
    std::string const id{request.param("id")};
    auto const call = [&](Once once) { return services.targets.redeliver(id, *choice, std::move(once)); };
    Json document{{"id", id}, {"redelivering", *choice ? Json(**choice) : Json("all")}};
    co_return co_await control(services, request, std::move(document), 202, call);
}

Task<Result<http::Response>> discard(Services const& services, http::Request request) {
    auto const body = json_body(request, {json_type});
    if (!body) co_return pass_on(body);
    auto const choice = parse_choice(*body);
    if (!choice) co_return pass_on(choice);
    std::string const id{request.param("id")};
    auto const call = [&](Once once) { return services.targets.discard(id, *choice, std::move(once)); };
    Json document{{"id", id}, {"discarded", *choice ? Json(**choice) : Json("all")}};
    co_return co_await control(services, request, std::move(document), 200, call);
}

}  // namespace

Routes webhook_routes(Services const& services) {
    auto const route =
        [&services](std::string_view method, std::string_view pattern, std::string_view operation, auto handler) {
            return http::Route{
                .method = method,
                .pattern = pattern,
                .operation_id = operation,
                .scope = http::Scope::Control,
                .body = http::BodyLimit::Control,
                .handler = [&services, handler](auto request) { return handler(services, std::move(request)); },
            };
        };
    return {
        route("POST", "/api/webhooks", "createWebhook", create_webhook),
        route("PATCH", "/api/webhooks/{id}", "updateWebhook", update_webhook),
        route("DELETE", "/api/webhooks/{id}", "deleteWebhook", delete_webhook),
        route("POST", "/api/webhooks/{id}/test", "testWebhook", test_webhook),
        route("POST", "/api/webhooks/{id}/pause", "pauseWebhook", pause_webhook),
        route("POST", "/api/webhooks/{id}/resume", "resumeWebhook", resume_webhook),
        route("POST", "/api/webhooks/{id}/replay", "replayWebhook", replay_webhook),
        route("POST", "/api/webhooks/{id}/dead-letters/redeliver", "redeliverDeadLetters", redeliver),
        route("POST", "/api/webhooks/{id}/dead-letters/discard", "discardDeadLetters", discard),
    };
}

}  // namespace macp::handlers
