#pragma once

#include "core/event.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "delivery/target_config.hpp"
#include "delivery/webhook_signature.hpp"
#include "io/http_client.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace macp::delivery {

/// Makes the requests of one target: bytes of the log as they are, never parsed and written again.
///
/// Each request carries `webhook-id` (`<epoch>_<seq>`, of a batch `<epoch>_<first>_<last>`: equal over all tries, and
/// without the dots that the signature forbids; for an event outside the log, with seq 0, its id instead of the seq),
/// `webhook-timestamp`, `webhook-signature` when there are secrets, `macp-position` (`<epoch>:<seq>`, of a batch the
/// last one's) and `macp-seq`. One for a single event carries `macp-event-id` and `macp-event-type` too,
/// percent-encoded as the CloudEvents HTTP binding has it; a batch `macp-count`. What lies outside the log has neither
/// position nor seq. Threads: immutable, safe from anywhere.
class RequestMaker {
public:
    /// `epoch`: the log's. Errors: InvalidField as `validate` and `WebhookSigner::make` have it.
    [[nodiscard]] static core::Result<RequestMaker> make(TargetConfig const& target, std::string epoch);

    /// A POST that is ready for `io::HttpClient`, with the target's time-outs, marked as repeatable. `events`: one, or
    /// for format `Batch` one and more, in order of the log. `now`: of this try.
    /// Errors: Corrupt when an event's text is none.
    [[nodiscard]] core::Result<io::HttpRequest> request(std::span<core::EventView const> events, core::Time now) const;

private:
    RequestMaker(WebhookSigner signer, std::string epoch) : signer_{std::move(signer)}, epoch_{std::move(epoch)} {}

    WebhookSigner signer_;
    std::string epoch_;
    std::string url_;
    Format format_ = Format::CloudEvents;
    io::Headers fixed_;  ///< Equal for every request.
    io::HttpTimeouts timeouts_{};
};

/// As the CloudEvents HTTP binding writes attribute values: space, `"`, `%`, and all but printable ASCII are
/// percent-encoded byte by byte.
[[nodiscard]] std::string encode_header_value(std::string_view text);

}  // namespace macp::delivery
