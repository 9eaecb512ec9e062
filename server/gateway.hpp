#pragma once

#include "async/shard.hpp"
#include "async/worker_pool.hpp"
#include "core/config_load.hpp"
#include "core/time.hpp"
#include "delivery/targets.hpp"
#include "events/event_log.hpp"
#include "handlers/services.hpp"
#include "http/access.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "ingest/rejects.hpp"
#include "ingest/spool.hpp"
#include "ingest/watcher.hpp"
#include "ws/hub.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace macp::server {

class Reports;

/// The whole gateway: builds every part from the configuration, runs them, reloads and drains them.
/// Threads: all members from one thread that is none of its own.
class Gateway {
public:
    /// Opens the log, binds the listeners, starts the loops and the watcher. Once it returns, requests are served.
    /// Errors: InvalidField (configuration), Unavailable (an address or a file), Corrupt, StorageFull.
    [[nodiscard]] static core::Result<std::unique_ptr<Gateway>> start(core::LoadedConfig config);

    Gateway(Gateway const&) = delete;
    Gateway& operator=(Gateway const&) = delete;
    ~Gateway();

    /// Where it listens, as `127.0.0.1:25294`.
    [[nodiscard]] std::string const& address() const noexcept { return address_; }
    /// Of the WebSocket listener; empty when there is none.
    [[nodiscard]] std::string const& ws_address() const noexcept { return ws_address_; }
    [[nodiscard]] events::EventLog& log() noexcept { return *log_; }

    /// Reads the configuration again from where it came: tokens, hosts, origins, poll interval, log level,
    /// certificates, webhook targets. Errors: as `start`; the old configuration stays in force.
    [[nodiscard]] core::Result<void> reload();

    /// Stops accepting, lets requests end, closes WebSockets with 1001, lets deliveries on their way end, all within
    /// `drain_seconds`, then stores what is left and ends. Blocks.
    void drain();

private:
    explicit Gateway(core::LoadedConfig config);

    [[nodiscard]] core::Result<void> open_log();
    void build_fan_out();
    [[nodiscard]] core::Result<void> start_delivery();
    [[nodiscard]] core::Result<void> build_doors();
    void build_services();
    void start_watcher();
    [[nodiscard]] std::vector<async::Shard*> shard_list() const;
    void announce(std::string type, std::string data);
    [[nodiscard]] async::Task<> prove_log();
    [[nodiscard]] static async::Task<> close_on_drain(ws::Hub& hub);
    void stop_everything(std::chrono::milliseconds grace);
    void settle_log();

    core::LoadedConfig loaded_;
    core::SystemClock clock_;
    std::string address_;
    std::string ws_address_;
    ws::Seats seats_;  ///< Before the shards: what is left on their loops may have some.
    std::vector<std::unique_ptr<async::Shard>> shards_;  ///< Before all that posts to them.
    std::unique_ptr<async::WorkerPool> readers_;
    delivery::Environment environment_;
    std::unique_ptr<delivery::Targets> targets_;  ///< Outlives the log, whose thread tells it of overruns.
    std::atomic<delivery::Targets*> delivering_{nullptr};
    std::unique_ptr<events::EventLog> log_;
    std::unique_ptr<ingest::Rejects> rejects_;
    std::unique_ptr<ingest::Watcher> watcher_;
    std::atomic<std::chrono::milliseconds> poll_interval_{};  ///< Of the spool; the watcher has its own copy.
    std::unique_ptr<ingest::Spool> spool_;
    std::vector<std::unique_ptr<ws::Hub>> hubs_;
    std::unique_ptr<http::Access> access_;
    std::unique_ptr<handlers::Services> services_;
    std::unique_ptr<http::Router> router_;
    std::unique_ptr<http::Router> ws_router_;
    std::unique_ptr<http::HttpServer> http_;
    std::unique_ptr<Reports> reports_;
    bool stopped_ = false;
};

}  // namespace macp::server
