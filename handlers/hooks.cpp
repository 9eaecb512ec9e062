#include "core/json.hpp"
#include "handlers/append.hpp"
#include "handlers/routes.hpp"
#include "http/negotiate.hpp"
#include "http/tokens.hpp"
#include "ingest/github_event.hpp"
#include "ingest/github_signature.hpp"
#include "ingest/hook_event.hpp"

#include <utility>

namespace macp::handlers {
namespace {

using async::Task;
using core::ErrorCode;
using core::fail;
using core::pass_on;
using core::Result;

/// What the one event of a hook is answered with.
AppendedDocument hook_document(core::NewEvent const& event) {
    auto const name = R"({"ok":true,"type":)" + core::json_string(event.type) + R"(,"event_id":)" +
                      core::json_string(event.id) + R"(,"seq":)";
    return [name](events::CommitResult const& result) { return name + std::to_string(result.seqs.front()) + '}'; };
}

Task<Result<http::Response>> append_hook(
    Services const& services, http::Request const& request, Result<core::NewEvent> event
) {
    if (!event) co_return co_await append_events(services, request, pass_on(event), {});
    auto document = hook_document(*event);
    NewEvents events;
    events.push_back(*std::move(event));
    co_return co_await append_events(services, request, std::move(events), std::move(document));
}

Task<Result<http::Response>> post_hook(Services const& services, ingest::HookDoor door, http::Request request) {
    auto const type = http::require_type(request, {"application/json"});
    if (!type) co_return pass_on(type);
    ingest::EventDefaults const defaults{.received = services.clock.now()};
    auto parse = [&request, door, &defaults] {
        return ingest::hook_event(request.body, door, defaults, ingest::find_git_place);
    };
    // Native hooks ask the file system for their repository: never on the loop.
    bool const inline_parse = door == ingest::HookDoor::Omx && request.body.size() < large_body_bytes;
    auto event = inline_parse ? parse() : co_await services.readers.run(parse);
    co_return co_await append_hook(services, request, std::move(event));
}

/// GitHub cannot send a token: with a secret configured its signature stands for one.
Result<void> check_github_caller(Services const& services, http::Request const& request) {
    auto const signature = request.header("x-hub-signature-256");
    if (services.github_secret.empty()) {
        if (http::allows(request.scopes, http::Scope::Ingest)) return {};
        return fail(
            ErrorCode::Unauthorized, "set `github.secret_env` so that GitHub's signature is checked, or send a token"
        );
    }
    if (!signature) {
        return fail(
            ErrorCode::Unauthorized, "the request is not signed: give the webhook its secret", "X-Hub-Signature-256"
        );
    }
    if (!ingest::github_signature_fits(services.github_secret, request.body, *signature)) {
        return fail(ErrorCode::Forbidden, "the signature is not of this body and secret", "X-Hub-Signature-256");
    }
    return {};
}

Task<Result<http::Response>> post_github(Services const& services, http::Request request) {
    if (auto const known = check_github_caller(services, request); !known) co_return pass_on(known);
    auto const type = http::require_type(request, {"application/json"});
    if (!type) co_return pass_on(type);
    std::string const name{request.header("x-github-event").value_or("")};
    ingest::EventDefaults const defaults{
        .source = "/github",
        .received = services.clock.now(),
        .id = std::string{request.header("x-github-delivery").value_or("")},
    };
    auto parse = [&] { return ingest::github_event(name, request.body, defaults); };
    auto event = request.body.size() < large_body_bytes ? parse() : co_await services.readers.run(parse);
    co_return co_await append_hook(services, request, std::move(event));
}

}  // namespace

Routes hook_routes(Services const& services) {
    auto const omx = [&services](auto request) {
        return post_hook(services, ingest::HookDoor::Omx, std::move(request));
    };
    auto const native = [&services](auto request) {
        return post_hook(services, ingest::HookDoor::Native, std::move(request));
    };
    auto const github = [&services](auto request) { return post_github(services, std::move(request)); };
    auto const route = [](std::string_view pattern, std::string_view operation, http::Handler handler) {
        return http::Route{
            .method = "POST",
            .pattern = pattern,
            .operation_id = operation,
            .scope = http::Scope::Ingest,
            .body = http::BodyLimit::Control,
            .handler = std::move(handler)
        };
    };
    Routes routes{
        route("/api/omx/hook", "postOmxHook", omx),          route("/omx/hook", "postOmxHookAlias", omx),
        route("/api/native/hook", "postNativeHook", native), route("/native/hook", "postNativeHookAlias", native),
        route("/github", "postGithubWebhook", github),
    };
    routes.back().scope = http::Scope::None;  // checked by its signature
    routes.back().body = http::BodyLimit::Bulk;
    return routes;
}

}  // namespace macp::handlers
