#include "delivery/webhook_sink.hpp"

#include "delivery/retry_after.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace macp::delivery {
namespace {

constexpr std::size_t most_body = std::size_t{64} << 10;  // an answer that goes on is cut off

constexpr unsigned request_timeout = 408;
constexpr unsigned gone = 410;
constexpr unsigned too_many_requests = 429;

Outcome outcome_of(unsigned status) {
    if (status >= 200 && status < 300) return Outcome::Delivered;
    if (status == gone) return Outcome::Gone;
    bool const later = status == request_timeout || status == too_many_requests || (status >= 500 && status < 600);
    return later ? Outcome::Retry : Outcome::Refused;
}

/// The answer is about the target, or what stands before it, and not about what was sent.
bool speaks_of_target(unsigned status) {
    constexpr std::array<unsigned, 4> all{too_many_requests, 502, 503, 504};
    return std::ranges::find(all, status) != all.end();
}

}  // namespace

Attempt judge(io::HttpResponse const& response, core::Time now) {
    Attempt attempt{
        .outcome = outcome_of(response.status),
        .status = response.status,
        .unavailable = speaks_of_target(response.status),
        .answer = response.body.substr(0, Attempt::most_answer),
    };
    if (attempt.outcome == Outcome::Delivered) return attempt;
    attempt.error = "the target answered " + std::to_string(response.status);
    if (response.status >= 300 && response.status < 400) attempt.error += ", and redirects are not followed";
    if (attempt.outcome != Outcome::Retry) return attempt;
    auto const header = response.header("retry-after");
    if (auto const asked = header ? parse_retry_after(*header, now) : std::nullopt) {
        attempt.asks_to_wait = true;
        attempt.retry_after = *asked;
    }
    return attempt;
}

Attempt judge(core::Error const& error) {
    // An answer that is too large is an answer; of the others none says anything of the event.
    bool const answered = error.code == core::ErrorCode::TooLarge;
    return {.outcome = Outcome::Retry, .unavailable = !answered, .error = error.message};
}

async::Task<Attempt> WebhookSink::send(Parcel parcel) {
    auto const began = std::chrono::steady_clock::now();
    auto request = maker_.request(parcel.events, clock_.now());
    if (!request) co_return Attempt{.outcome = Outcome::Refused, .error = request.error().message};
    if (parcel.replay) request->headers.emplace_back("macp-replay", "1");
    request->body_head = Attempt::most_answer;
    auto const response = co_await client_.request(*std::move(request));
    auto attempt = response ? judge(*response, clock_.now()) : judge(response.error());
    attempt.took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began);
    co_return attempt;
}

SinkMaker webhook_sinks(std::string epoch, core::Clock const& clock, io::HttpClientOptions base) {
    return [epoch = std::move(epoch), &clock, base = std::move(base)](
               TargetConfig const& target, async::Executor executor
           ) -> core::Result<std::unique_ptr<Sink>> {
        auto maker = RequestMaker::make(target, epoch);
        if (!maker) return core::pass_on(maker);
        auto options = base;
        options.ca_file = target.ca_file;
        options.client_certificate_file = target.client_certificate_file;
        options.client_key_file = target.client_key_file;
        options.idle_connections = target.ordering == Ordering::Target ? 1 : target.concurrency;
        options.response_bytes = most_body;
        return std::make_unique<WebhookSink>(*std::move(maker), clock, executor, std::move(options));
    };
}

}  // namespace macp::delivery
