#pragma once

#include "async/shard.hpp"
#include "async/worker_pool.hpp"
#include "core/time.hpp"
#include "delivery/targets.hpp"
#include "events/event_log.hpp"
#include "handlers/services.hpp"
#include "http/server.hpp"
#include "ingest/rejects.hpp"
#include "ingest/spool.hpp"
#include "ingest/watcher.hpp"
#include "server/process_stats.hpp"
#include "ws/hub.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace macp::server {

/// The parts of the gateway that reports are about. Everything outlives the reports.
struct Parts {
    events::EventLog& log;
    core::Clock const& clock;
    async::WorkerPool& readers;
    http::HttpServer& http;
    ingest::Rejects const& rejects;
    delivery::Targets const& targets;
    std::vector<std::unique_ptr<async::Shard>> const& shards;
    std::vector<std::unique_ptr<ws::Hub>> const& hubs;
    ingest::Watcher const* watcher = nullptr;  ///< Null when nothing is watched.
    ingest::Spool const& spool;
    std::chrono::milliseconds poll_interval{2000};
};

/// What the gateway tells of itself: status, readiness, telemetry, metrics.
/// Threads: every member may be called from any shard.
class Reports {
public:
    explicit Reports(Parts parts);

    [[nodiscard]] async::Task<std::string> status() const;
    /// Not ready while a part is stuck: a loop that does not turn, a log that cannot commit, a watcher that cannot
    /// read.
    [[nodiscard]] handlers::Services::Readiness readiness() const;
    /// Made at most ten times a second, however many ask.
    [[nodiscard]] async::Task<std::string> telemetry();
    [[nodiscard]] async::Task<std::string> metrics();

private:
    struct LoopRate {
        std::uint64_t probes = 0;
        double per_second = 0;
        double worst_lag_ms = 0;
    };
    struct Sample {
        std::chrono::steady_clock::time_point at{};
        ProcessStats process{};
        std::vector<LoopRate> loops{};
    };

    [[nodiscard]] async::Task<std::vector<ws::SessionStats>> sessions() const;
    [[nodiscard]] double uptime_seconds() const;
    [[nodiscard]] Sample take_sample();

    Parts parts_;
    core::Time started_at_;
    std::chrono::steady_clock::time_point started_;
    std::mutex mutex_;  ///< Guards what follows; never held across a suspension.
    ProcessSampler sampler_;
    Sample sample_;
    std::string telemetry_;
    std::chrono::steady_clock::time_point telemetry_made_{};
};

/// Everything that can be counted, as Prometheus text.
[[nodiscard]] std::string prometheus_text(Parts const& parts, ProcessStats const& process, double uptime_seconds);

}  // namespace macp::server
