#pragma once

#include "core/time.hpp"
#include "delivery/sink.hpp"
#include "delivery/targets.hpp"
#include "delivery/webhook_request.hpp"
#include "io/http_client.hpp"

#include <memory>
#include <string>

namespace macp::delivery {

/// Posts parcels to a URL over kept-alive connections, one pool a target.
///
/// 2xx: delivered. 429, 408, 5xx, no answer in time, and a network that fails: later, not before what `Retry-After`
/// asks for. 410: gone. All else, redirects too: refused. What is wrong with the target's configuration, or is refused
/// by the address guard, is no fault of the event: later.
class WebhookSink final : public Sink {
public:
    WebhookSink(RequestMaker maker, core::Clock const& clock, async::Executor executor, io::HttpClientOptions options)
        : maker_{std::move(maker)}, clock_{clock}, client_{executor, std::move(options)} {}

    [[nodiscard]] async::Task<Attempt> send(Parcel parcel) override;

private:
    RequestMaker maker_;
    core::Clock const& clock_;
    io::HttpClient client_;
};

/// Makes such sinks. `base`: what they all have in common (the guard, the agent's name); `epoch`: the log's.
[[nodiscard]] SinkMaker webhook_sinks(std::string epoch, core::Clock const& clock, io::HttpClientOptions base);

/// What an answer means. `now`: for a `Retry-After` that is a date.
[[nodiscard]] Attempt judge(io::HttpResponse const& response, core::Time now);
/// What it means that there was none.
[[nodiscard]] Attempt judge(core::Error const& error);

}  // namespace macp::delivery
