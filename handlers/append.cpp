#include "handlers/append.hpp"

#include "handlers/idempotency.hpp"
#include "ingest/read_again.hpp"

#include <algorithm>
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
    ingest::HeaderMap headers;
    for (auto const& [name, value] : request.headers) {
        if (ingest::is_read_by_a_door(name)) headers.emplace(name, value);
    }
    events::Commit commit;
    services.rejects.add(
        commit, {.reason = error.field.empty() ? error.message : error.field + ": " + error.message,
                 .text = request.body,
                 .bytes = request.body.size(),
                 .door = request.method + ' ' + request.path,
                 .received = services.clock.now(),
                 .content_type = std::string{request.header("content-type").value_or("")},
                 .headers = std::move(headers)}
    );
    // The client's answer does not depend on it: a log that cannot keep it says so in its own state.
    services.log.commit(std::move(commit), [](auto const& /*result*/) {});
}

}  // namespace

std::string accepted_document(events::CommitResult const& result) {
    auto const [first, last] = std::ranges::minmax_element(result.seqs);
    auto const text = [&](auto at) { return at == result.seqs.end() ? std::string{"null"} : std::to_string(*at); };
    return R"({"accepted":)" + std::to_string(result.seqs.size()) + R"(,"repeats":)" + std::to_string(result.repeats) +
           R"(,"first_seq":)" + text(first) + R"(,"last_seq":)" + text(last) + '}';
}

Result<http::Response> accepted_response(
    http::Request const& request, events::CommitResult const& result, AppendedDocument const& document
) {
    if (!result.existing) return http::json_response(document(result), 202);
    auto stored = replay_answer(request, *result.existing);
    if (!stored) return pass_on(stored);
    return http::json_response(*std::move(stored), 202);
}

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
    co_return accepted_response(request, *result, document);
}

}  // namespace macp::handlers
