#pragma once

#include "async/shard.hpp"
#include "async/worker_pool.hpp"
#include "core/event_query.hpp"
#include "core/time.hpp"
#include "delivery/ledger.hpp"
#include "delivery/retry.hpp"
#include "delivery/sink.hpp"
#include "delivery/target_config.hpp"
#include "delivery/target_status.hpp"
#include "events/event_log.hpp"
#include "events/retention.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace macp::delivery {

/// Makes the way out to a target, on the loop it will live on. Errors: what is wrong with its configuration.
using SinkMaker =
    std::function<core::Result<std::unique_ptr<Sink>>(TargetConfig const& target, async::Executor executor)>;

struct TargetServices {
    events::EventLog& log;
    async::WorkerPool& readers;  ///< For pages of the log and rows.
    core::Clock const& clock;
    std::vector<async::Shard*> shards{};  ///< Targets are dealt out over them.
    SinkMaker make_sink{};                ///< See `webhook_sinks`.
    Environment environment{};            ///< For `secret_env` of the definitions in the database.
    Random random{random_fraction};
    Ledger::Pace pace{};  ///< Between two saves of one target's cursor.
};

/// A target of `macp.toml` or of `.mosaic/orchestrator/config.json`; its name is its id.
struct ConfiguredTarget {
    Origin origin = Origin::Config;
    TargetConfig config{};
};

/// The result of a control call. With `once`, a call that was made before changes nothing and has its stored answer.
struct Effect {
    std::optional<std::string> existing{};
};
using Once = std::optional<events::Commit::Once>;

/// A stretch of the log: the events after `after` up to `until`.
struct Stretch {
    core::Seq after = 0;
    core::Seq until = 0;
    std::optional<core::Gap> gap{};  ///< What of the stretch asked for is not there.
};
using Moment = std::variant<std::monostate, core::Position, core::Time>;  ///< As in core::EventQuery.

/// Nothing chosen: all of them.
using DeadChoice = std::optional<std::vector<core::Seq>>;

/// All targets: what is defined, each with its lane over the log (see `lane.hpp` for what a lane promises).
///
/// Definitions made here are kept in the log's database (space `webhooks`), secrets too; the answers of `once` are
/// stored in the same commit as the effect. Threads: every member may be called from any thread, tasks be awaited on
/// any loop; `start` blocks. Errors of all tasks with an `id`: NotFound; those of the log (Overloaded, Unavailable, …).
/// Lifetime: the services outlive it; `drain` has completed, or the shards have stopped, before it goes.
class Targets {
public:
    explicit Targets(TargetServices services);
    Targets(Targets const&) = delete;
    Targets& operator=(Targets const&) = delete;
    ~Targets();

    /// Takes up the targets of the configuration and those of the database where they were left. Before or after the
    /// shards start, once. Errors: those of the log; InvalidField from a sink of the configuration.
    [[nodiscard]] core::Result<void> start(std::vector<ConfiguredTarget> configured);
    /// Replaces the targets of the configuration; one that keeps its name goes on where it was. All or nothing.
    [[nodiscard]] async::Task<core::Result<void>> reconfigure(std::vector<ConfiguredTarget> configured);
    /// Starts nothing new, gives what is in flight `grace`, and saves every cursor.
    [[nodiscard]] async::Task<> drain(std::chrono::steady_clock::duration grace);

    [[nodiscard]] static std::string new_id();
    /// Errors: Conflict when the id or name is taken; InvalidField.
    [[nodiscard]] async::Task<core::Result<Effect>> create(std::string id, TargetConfig config, Once once = {});
    /// Errors: Conflict when it is of the configuration; InvalidField.
    [[nodiscard]] async::Task<core::Result<Effect>> update(std::string id, TargetConfig config, Once once = {});
    /// With its cursor, history and dead letters. Errors: Conflict when it is of the configuration.
    [[nodiscard]] async::Task<core::Result<Effect>> remove(std::string id, Once once = {});

    [[nodiscard]] async::Task<core::Result<Effect>> pause(std::string id, Once once = {});
    /// Ends a pause, and takes up a disabled target again, at once. Errors: Conflict when `enabled` is false.
    [[nodiscard]] async::Task<core::Result<Effect>> resume(std::string id, Once once = {});
    /// Sends one event of type `macp.test` that is not in the log, now, whatever the state of the target.
    [[nodiscard]] async::Task<core::Result<Attempt>> test(std::string id);

    /// What `since` and `until` (nothing: now) mean. Errors: InvalidField with `/since` or `/until`.
    [[nodiscard]] async::Task<core::Result<Stretch>> stretch(Moment since, Moment until);
    /// Delivers that stretch in order before the target goes on where it was; durable. `types`: globs; empty: what the
    /// target wants. Errors: Conflict when too many replays wait.
    [[nodiscard]] async::Task<core::Result<Effect>> replay(
        std::string id, Stretch stretch, std::vector<std::string> types, Once once = {}
    );

    /// Those after `after`, in order. Errors: as above.
    [[nodiscard]] async::Task<core::Result<std::vector<DeadLetter>>> dead_letters(
        std::string id, core::Seq after, std::size_t limit
    );
    /// Delivers them again before the target goes on. Errors: NotFound when one is not there.
    [[nodiscard]] async::Task<core::Result<Effect>> redeliver(std::string id, DeadChoice choice, Once once = {});
    [[nodiscard]] async::Task<core::Result<Effect>> discard(std::string id, DeadChoice choice, Once once = {});

    [[nodiscard]] async::Task<core::Result<TargetStatus>> status(std::string id);
    [[nodiscard]] async::Task<std::vector<TargetStatus>> list();  ///< In order of id.
    /// The tries before `from`, newest first; nothing: the newest.
    [[nodiscard]] async::Task<core::Result<AttemptPage>> attempts(
        std::string id, std::size_t limit, std::optional<AttemptPlace> from = {}
    );
    /// What became of the event at each target. Errors: NotFound when the log does not have it.
    [[nodiscard]] async::Task<core::Result<std::vector<Explanation>>> explain(core::Seq seq);
    [[nodiscard]] std::vector<TargetMetrics> metrics() const;

    /// Completes once the target has nothing left that it could send now, and that is saved.
    [[nodiscard]] async::Task<core::Result<void>> settled(std::string id);
    /// For the log's `on_overrun`: tells the target's lane, when the cursor is one of ours.
    void overrun(events::Overrun const& overrun);
    /// Looks at the clock again: for tests that move it.
    void tick();

    struct Impl;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace macp::delivery
