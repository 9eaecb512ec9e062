#pragma once

#include "core/config.hpp"
#include "core/event.hpp"
#include "core/result.hpp"

#include <memory>

namespace macp::cli {

/// Posts events to the webhook of `.mosaic/orchestrator/config.json`, without a server and without a log: what is not
/// taken within its retries and its time-out is said and let go of.
class WatchWebhook {
public:
    /// Errors: InvalidField when no webhook is enabled there, and what is wrong with it; Conflict when a server of the
    /// same root delivers it already, unless `force`.
    [[nodiscard]] static core::Result<std::unique_ptr<WatchWebhook>> make(core::Config const& config, bool force);
    WatchWebhook(WatchWebhook const&) = delete;
    WatchWebhook& operator=(WatchWebhook const&) = delete;
    ~WatchWebhook();

    /// Sends the event, when the webhook wants it. Blocks for at most the webhook's time-out, all tries together.
    void send(core::NewEvent const& event);

private:
    struct Impl;
    explicit WatchWebhook(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace macp::cli
