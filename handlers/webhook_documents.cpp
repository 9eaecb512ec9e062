#include "handlers/webhook_documents.hpp"

#include "core/json.hpp"

#include <nlohmann/json.hpp>

namespace macp::handlers {
namespace {

using Json = nlohmann::json;

Json time_or_null(std::optional<core::Time> const& time) {
    return time ? Json(core::format_time(*time)) : Json();
}

Json text_or_null(std::string const& text) {
    return text.empty() ? Json() : Json(text);
}

Json status_or_null(unsigned status) {
    return status == 0 ? Json() : Json(status);
}

Json gap_or_null(std::optional<core::Gap> const& gap) {
    return gap ? gap_document(*gap) : Json();
}

double milliseconds(std::chrono::microseconds time) {
    return static_cast<double>(time.count()) / 1000;
}

Json disabled_or_null(std::optional<delivery::Disabled> const& disabled) {
    if (!disabled) return nullptr;
    // What the configuration has disabled was so from the start.
    auto const since = disabled->since == core::Time{} ? std::nullopt : std::optional{disabled->since};
    return {{"since", time_or_null(since)}, {"why", disabled->why}};
}

Json status_document(delivery::TargetStatus const& status, std::string const& epoch) {
    return {
        {"state", delivery::to_text(status.state)},
        {"paused_since", time_or_null(status.paused_since)},
        {"disabled", disabled_or_null(status.disabled)},
        {"failing_since", time_or_null(status.failing_since)},
        {"position", core::format_position(epoch, status.cursor)},
        {"lag", status.lag},
        {"open", status.open},
        {"in_flight", status.in_flight},
        {"breaker", delivery::to_text(status.breaker)},
        {"failures", status.failures},
        {"waits_for", text_or_null(status.waits_for)},
        {"next_try", time_or_null(status.next_try)},
        {"delivered", status.delivered},
        {"attempts", status.attempts},
        {"failed_attempts", status.failed_attempts},
        {"dead_letters", status.dead_letters},
        {"missed", gap_or_null(status.missed)},
        {"replaying", gap_or_null(status.replaying)},
        {"last_attempt", status.last_attempt ? attempt_document(*status.last_attempt) : Json()}
    };
}

}  // namespace

Json gap_document(core::Gap const& gap) {
    return {{"from", gap.from}, {"to", gap.to}, {"why", gap.why}};
}

Json webhook_document(std::string const& id, delivery::Origin origin, delivery::TargetConfig const& config) {
    auto document = delivery::target_to_json(config);
    document["id"] = id;
    document["origin"] = delivery::to_text(origin);
    return document;
}

Json webhook_document(delivery::TargetStatus const& status, std::string const& epoch) {
    auto document = webhook_document(status.id, status.origin, status.config);
    document["status"] = status_document(status, epoch);
    return document;
}

Json attempt_document(delivery::AttemptRecord const& attempt) {
    return {
        {"seq", attempt.seq},
        {"number", attempt.number},
        {"time", core::format_time(attempt.time)},
        {"took_ms", milliseconds(attempt.took)},
        {"outcome", delivery::to_text(attempt.outcome)},
        {"status", status_or_null(attempt.status)},
        {"error", text_or_null(attempt.error)},
        {"answer", text_or_null(attempt.answer)}
    };
}

Json attempt_document(delivery::Attempt const& attempt) {
    return {
        {"took_ms", milliseconds(attempt.took)},
        {"outcome", delivery::to_text(attempt.outcome)},
        {"status", status_or_null(attempt.status)},
        {"error", text_or_null(attempt.error)},
        {"answer", text_or_null(attempt.answer)}
    };
}

Json dead_letter_document(delivery::DeadLetter const& letter) {
    return {
        {"id", letter.seq},
        {"type", letter.type},
        {"reason", letter.reason},
        {"attempts", letter.attempts},
        {"status", status_or_null(letter.status)},
        {"error", text_or_null(letter.error)},
        {"answer", text_or_null(letter.answer)},
        {"first_failed", time_or_null(letter.first_failed)},
        {"died", core::format_time(letter.died)},
        {"event", core::parse_json(letter.event).value_or(Json())}
    };
}

Json explanation_document(delivery::Explanation const& explanation) {
    Json attempts = Json::array();
    for (auto const& attempt : explanation.attempts) attempts.push_back(attempt_document(attempt));
    auto const& status = explanation.status;
    return {
        {"target", explanation.target},
        {"name", explanation.name},
        {"matched", explanation.matched},
        {"verdict", explanation.verdict},
        {"why", text_or_null(explanation.why)},
        {"attempts", std::move(attempts)},
        {"tries", explanation.tries},
        {"next_try", time_or_null(explanation.next_try)},
        {"state", delivery::to_text(status.state)},
        {"breaker", delivery::to_text(status.breaker)},
        {"waits_for", text_or_null(status.waits_for)},
        {"rate_per_second", status.config.rate_per_second},
        {"paused_since", time_or_null(status.paused_since)},
        {"disabled", disabled_or_null(status.disabled)}
    };
}

}  // namespace macp::handlers
