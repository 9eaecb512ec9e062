#pragma once

#include "async/shard.hpp"
#include "async/worker_pool.hpp"
#include "core/config.hpp"
#include "events/event_log.hpp"
#include "ws/outgoing.hpp"
#include "ws/seats.hpp"
#include "ws/sender.hpp"
#include "ws/session.hpp"
#include "ws/view.hpp"

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace macp::ws {

/// Counters of one shard. Threads: written by the shard, read from anywhere.
struct HubCounters {
    std::atomic<std::uint64_t> sends{0};           ///< Sends made, for whatever number of events.
    std::atomic<std::uint64_t> bytes{0};           ///< Bytes handed to the kernel.
    std::atomic<std::uint64_t> flushes{0};         ///< Batches of events passed on.
    std::atomic<std::uint64_t> events{0};          ///< Events passed on (once, not per subscriber).
    std::atomic<std::uint64_t> catch_up_pages{0};  ///< Pages read from the log for sessions that fell behind.
    std::atomic<std::uint64_t> gaps{0};            ///< Gap messages sent.
    std::atomic<std::uint64_t> opened{0};          ///< Sessions since the start.
    std::atomic<std::uint64_t> sessions{0};        ///< Sessions now.
    std::atomic<core::Seq> processed{0};           ///< The newest position passed on.
};

/// How one session is doing.
struct SessionStats {
    Peer peer{};
    Format format = Format::Macp;
    core::Seq cursor = 0;
    core::Seq lag_events = 0;
    bool catching_up = false;
};

/// What the hubs need of the rest of the gateway.
struct HubServices {
    events::EventLog& log;
    async::WorkerPool& readers;
    Seats& seats;  ///< Of all hubs.
    core::Config::Ws config{};
    std::function<async::Task<std::string>()> telemetry{};         ///< The document of the telemetry channel.
    std::function<bool(std::string const& caller)> still_valid{};  ///< Whether a token may still be used.
};

/// Fans the log out to the connections of one shard: takes each new batch from the tail, encodes it once a format,
/// finds who wants it, and sends to everyone.
///
/// Lifetime: `shard` and the services outlive it; it outlives its sessions. Threads: its shard only, unless said.
class Hub {
public:
    Hub(async::Shard& shard, HubServices services);
    Hub(Hub const&) = delete;
    Hub& operator=(Hub const&) = delete;
    ~Hub();

    [[nodiscard]] async::Shard& shard() noexcept { return shard_; }
    [[nodiscard]] events::EventLog& log() noexcept { return services_.log; }
    [[nodiscard]] async::WorkerPool& readers() noexcept { return services_.readers; }
    [[nodiscard]] core::Config::Ws const& config() const noexcept { return services_.config; }
    [[nodiscard]] async::Task<std::string> telemetry() const { return services_.telemetry(); }
    [[nodiscard]] HubCounters& counters() noexcept { return counters_; }  ///< Any thread.
    [[nodiscard]] core::Seq processed() const noexcept { return processed_; }
    /// A buffer for bytes just read; good until the next suspension.
    [[nodiscard]] std::span<char> scratch() noexcept { return scratch_; }

    /// A seat for another session, to be kept as long as it lives; none when all are taken, on whatever shard.
    [[nodiscard]] Seats::Seat take_seat() { return services_.seats.take(); }
    void enter(Session& session);
    void leave(Session& session);

    /// The view shared by all who want this; give it back with `release`.
    [[nodiscard]] View& acquire(Format format, core::Filter const& filter);
    void release(View& view);

    /// What a session at `cursor` may send from `view`; good until the loop's turn ends or the next call.
    [[nodiscard]] Outgoing& outgoing(View const& view, Format format, core::Seq cursor);

    /// Closes every session with 1001.
    void drain();
    /// Closes the sessions whose token has been revoked with 1008.
    void recheck_access();
    [[nodiscard]] std::vector<SessionStats> sessions() const;

private:
    struct SharedView {
        std::unique_ptr<View> view;
        std::size_t users = 0;
    };
    struct SharedRing {
        std::unique_ptr<Ring> ring;
        std::size_t users = 0;
    };
    using ViewKey = std::pair<Format, std::string>;

    void wake();
    void take_new();
    void pass_on(events::Chunk const& chunk);
    void restart_at(core::Seq last);
    void flush();
    void flush_batch();

    async::Shard& shard_;
    HubServices services_;
    std::array<SharedRing, format_count> rings_{};
    std::map<ViewKey, SharedView> views_;
    ViewIndex filtered_;
    std::vector<Session*> sessions_;
    std::vector<Session*> unfinished_;  ///< Scratch of `flush_batch`.
    Sender sender_;
    Outgoing outgoing_;
    View const* outgoing_view_ = nullptr;  ///< What `outgoing_` was gathered for; null: stale.
    core::Seq outgoing_cursor_ = 0;
    core::Seq processed_;
    async::Timer pace_;
    std::chrono::steady_clock::time_point flush_ended_{};
    std::atomic<bool> scheduled_{false};
    std::array<char, std::size_t{64} << 10> scratch_{};
    HubCounters counters_;
    events::Tail::Registration wake_;  ///< Last: nobody wakes a hub that is half gone.
};

}  // namespace macp::ws
