#include "handlers/append.hpp"

#include "handlers/idempotency.hpp"

#include <utility>

namespace macp::handlers {
namespace {

using async::Task;
using core::ErrorCode;
using core::pass_on;
using core::Result;

/// Keeps a body that was refused for what it says, so that its sender's mistake can be looked at, and mended, later.
void keep_refused(Services const& services, http::Request const& request, core::Error const& error) {
    if (error.code != ErrorCode::BadJson && error.code != ErrorCode::InvalidField) return;
    events::Commit commit;
    services.rejects.add(
        commit, {.reason = error.field.empty() ? error.message : error.field + ": " + error.message,
                 .text = request.body,
                 .bytes = request.body.size(),
                 .door = request.method + ' ' + request.path,
                 .received = services.clock.now(),
                 .content_type = std::string{request.header("content-type").value_or("")}}
    );
    // The client's answer does not depend on it: a log that cannot keep it says so in its own state.
    services.log.commit(std::move(commit), [](auto const& /*result*/) {});
}

}  // namespace

Task<Result<http::Response>> append_events(
    Services const& services, http::Request const& request, Result<NewEvents> events, AppendedDocument document
) {
    auto once = once_for(request, document);
    if (!once) co_return pass_on(once);
    if (!events) {
        keep_refused(services, request, events.error());
        co_return pass_on(events);
    }
    events::Commit commit{.events = *std::move(events), .once = *std::move(once)};
    auto const result = co_await services.log.commit(std::move(commit));
    if (!result) co_return pass_on(result);
    if (!result->existing) co_return http::json_response(document(*result), 202);

    auto stored = replay_answer(request, *result->existing);
    if (!stored) co_return pass_on(stored);
    co_return http::json_response(*std::move(stored), 202);
}

}  // namespace macp::handlers
