#pragma once

#include "async/shard.hpp"
#include "async/worker_pool.hpp"
#include "core/time.hpp"
#include "delivery/targets.hpp"
#include "events/event_log.hpp"
#include "http/message.hpp"
#include "ingest/rejects.hpp"

#include <functional>
#include <string>

namespace macp::ws {
class Hub;
}

namespace macp::handlers {

/// What handlers need of the gateway; the composition root fills it in. Everything outlives the routes.
struct Services {
    events::EventLog& log;
    async::WorkerPool& readers;  ///< For what blocks: pages of the log, large bodies.
    core::Clock const& clock;
    ingest::Rejects& rejects;  ///< Where refused bodies are kept.
    delivery::Targets& targets;
    delivery::Environment const& environment;               ///< For `secret_env` of webhooks.
    std::string github_secret{};                            ///< Empty: GitHub's signature is not checked.
    std::function<ws::Hub&(async::Shard&)> hub{};           ///< The fan-out of a shard.
    std::function<async::Task<std::string>()> status{};     ///< The document of /api/status.
    std::function<async::Task<std::string>()> telemetry{};  ///< The document of /api/system/telemetry.
    struct Readiness {
        bool ready = false;
        std::string document{};
    };
    std::function<Readiness()> readiness{};               ///< The state of each part.
    std::function<async::Task<std::string>()> metrics{};  ///< Prometheus text.
};

}  // namespace macp::handlers
