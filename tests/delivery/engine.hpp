#pragma once

#include "async/shard.hpp"
#include "async/worker_pool.hpp"
#include "delivery/lane_record.hpp"
#include "delivery/targets.hpp"
#include "events/sqlite_log.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace macp::testing {

/// One try that a scripted sink saw.
struct Sent {
    std::vector<core::Seq> seqs{};
    std::vector<std::string> types{};
    std::string subject{};
    std::size_t number = 0;
    bool replay = false;
};

inline delivery::Attempt delivered() {
    return {.outcome = delivery::Outcome::Delivered, .status = 200, .answer = "ok"};
}
inline delivery::Attempt answers(unsigned status) {
    delivery::Attempt attempt{.outcome = delivery::Outcome::Retry, .status = status, .error = "the target answered it"};
    attempt.unavailable = status == 503 || status == 429;
    return attempt;
}
inline delivery::Attempt nobody_there() {
    return {.outcome = delivery::Outcome::Retry, .unavailable = true, .error = "connection refused"};
}
inline delivery::Attempt refused(unsigned status = 400) {
    return {
        .outcome = delivery::Outcome::Refused, .status = status, .error = "the target answered it", .answer = "bad"
    };
}
inline delivery::Attempt gone() {
    return {.outcome = delivery::Outcome::Gone, .status = 410, .error = "gone"};
}

/// What a target does, and what it has seen. Outlives the sinks that play it. Threads: safe from anywhere.
class Script {
public:
    using Play = std::function<delivery::Attempt(Sent const&)>;

    /// How every try ends from now on.
    void play(Play play) {
        std::scoped_lock const lock{mutex_};
        play_ = std::move(play);
    }
    /// Tries stay without an answer until `release`.
    void hold() { held_ = true; }
    void release() {
        std::scoped_lock const lock{mutex_};
        held_ = false;
        for (auto const& wake : waiting_) wake();
        waiting_.clear();
    }

    [[nodiscard]] std::vector<Sent> sent() const {
        std::scoped_lock const lock{mutex_};
        return sent_;
    }
    /// All that was sent, try by try.
    [[nodiscard]] std::vector<core::Seq> seqs() const {
        std::vector<core::Seq> all;
        for (auto const& one : sent()) all.insert(all.end(), one.seqs.begin(), one.seqs.end());
        return all;
    }
    [[nodiscard]] std::size_t tries() const { return sent().size(); }
    [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
    [[nodiscard]] std::size_t most_in_flight() const { return most_in_flight_; }
    void forget() {
        std::scoped_lock const lock{mutex_};
        sent_.clear();
    }

private:
    friend class ScriptedSink;
    mutable std::mutex mutex_;
    Play play_ = [](Sent const&) { return delivered(); };
    std::vector<Sent> sent_;
    std::vector<std::function<void()>> waiting_;
    std::atomic<bool> held_{false};
    std::atomic<std::size_t> in_flight_{0};
    std::atomic<std::size_t> most_in_flight_{0};
};

class ScriptedSink final : public delivery::Sink {
public:
    ScriptedSink(std::shared_ptr<Script> script, async::Executor executor)
        : script_{std::move(script)}, executor_{executor} {}

    async::Task<delivery::Attempt> send(delivery::Parcel parcel) override {
        Sent sent{.subject = std::string{parcel.events.front().subject}, .number = parcel.number};
        sent.replay = parcel.replay;
        for (auto const& event : parcel.events) {
            sent.seqs.push_back(event.seq);
            sent.types.emplace_back(event.type);
        }
        auto const now = ++script_->in_flight_;
        if (now > script_->most_in_flight_) script_->most_in_flight_ = now;
        {
            std::scoped_lock const lock{script_->mutex_};
            script_->sent_.push_back(sent);
        }
        co_await wait_while_held();
        --script_->in_flight_;
        std::scoped_lock const lock{script_->mutex_};
        co_return script_->play_(sent);
    }

private:
    async::Task<> wait_while_held() {
        auto const timer = std::make_shared<async::Timer>(executor_, async::Timer::time_point::max());
        {
            std::scoped_lock const lock{script_->mutex_};
            if (!script_->held_) co_return;
            // Weak: the try may end otherwise, and its loop with it.
            script_->waiting_.emplace_back([waiting = std::weak_ptr{timer}, executor = executor_] {
                if (auto const held = waiting.lock()) boost::asio::post(executor, [held] { held->cancel(); });
            });
        }
        co_await timer->async_wait(async::nothrow);
    }

    std::shared_ptr<Script> script_;
    async::Executor executor_;
};

inline core::NewEvent event(std::string id, std::string type = "task.completed", std::string subject = {}) {
    return {
        .id = std::move(id),
        .source = "/test",
        .type = std::move(type),
        .subject = std::move(subject),
        .data = R"({"n":1})",
    };
}

/// A target that wants everything and begins with the log; nothing but the test limits it.
inline delivery::TargetConfig target(std::string name) {
    delivery::TargetConfig config{.name = std::move(name), .url = "http://127.0.0.1:1/"};
    config.since = {.kind = core::Position::Kind::Start};
    return config;
}

/// Waits for what another thread will do; false when it does not happen.
inline bool eventually(std::function<bool()> const& happened) {
    auto const give_up = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!happened()) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return true;
}

/// The engine over a real log, with targets that play scripts, and clocks that stand still.
class Engine {
public:
    explicit Engine(std::size_t shards = 1) : shard_count_{shards} {}
    Engine(Engine const&) = delete;
    Engine& operator=(Engine const&) = delete;
    ~Engine() { stop(); }

    TempDir folder{};
    ManualClock clock{};
    events::SqliteOptions options{.clock = clock, .path = folder / "macp.db", .full_sync = false};
    std::unique_ptr<events::SqliteLog> log{};
    std::unique_ptr<delivery::Targets> targets{};
    std::vector<delivery::ConfiguredTarget> configured{};
    std::chrono::milliseconds grace{0};

    Script& script(std::string const& name) {
        auto& found = scripts_[name];
        if (!found) found = std::make_shared<Script>();
        return *found;
    }
    Engine& with(delivery::TargetConfig config) {
        static_cast<void>(script(config.name));
        configured.push_back({.config = std::move(config)});
        return *this;
    }

    void open_log() {
        options.on_overrun = [this](events::Overrun const& overrun) {
            if (targets) targets->overrun(overrun);
        };
        auto opened = events::SqliteLog::open(options);
        REQUIRE_MESSAGE(opened.has_value(), (opened ? std::string{} : opened.error().message));
        log = *std::move(opened);
    }
    void start() {
        if (!log) open_log();
        pool_ = std::make_unique<async::WorkerPool>("reader", 2);
        std::vector<async::Shard*> shards;
        for (std::size_t i = 0; i < shard_count_; ++i) {
            shards_.push_back(std::make_unique<async::Shard>(i));
            shards.push_back(shards_.back().get());
        }
        targets = std::make_unique<delivery::Targets>(delivery::TargetServices{
            .log = *log,
            .readers = *pool_,
            .clock = clock,
            .shards = shards,
            .make_sink = [this](auto const& config, auto executor) { return make_sink(config, executor); },
            .random = [] { return 0.5; },  // no jitter
            .pace = {.urgent = std::chrono::milliseconds{0}, .lazy = std::chrono::milliseconds{0}},
        });
        auto const started = targets->start(configured);
        REQUIRE_MESSAGE(started.has_value(), (started ? std::string{} : started.error().message));
        for (auto const& shard : shards_) shard->start();
    }
    void stop() {
        if (targets && !shards_.empty()) drain();
        for (auto const& shard : shards_) shard->stop();
        for (auto const& shard : shards_) shard->join();
        if (pool_) pool_->join();
        log.reset();
        targets.reset();
        pool_.reset();
        shards_.clear();
    }
    void restart() {
        stop();
        start();
    }

    /// Runs a task on the first shard and waits for its value.
    template <class T>
    T get(async::Task<T> task) {
        auto future = boost::asio::co_spawn(shards_.front()->executor(), std::move(task), boost::asio::use_future);
        if (future.wait_for(std::chrono::seconds{30}) != std::future_status::ready) {
            throw std::runtime_error{"the task did not finish in time"};
        }
        return future.get();
    }
    /// The value of a result that must be one.
    template <class T>
    T need(async::Task<core::Result<T>> task) {
        auto result = get(std::move(task));
        REQUIRE_MESSAGE(result.has_value(), (result ? std::string{} : result.error().message));
        if constexpr (!std::is_void_v<T>) return *std::move(result);
    }

    std::vector<core::Seq> append(std::vector<core::NewEvent> events) const {
        auto const done = log->commit_and_wait({.events = std::move(events)});
        REQUIRE(done.has_value());
        return done->seqs;
    }
    /// Events `<prefix>1` … `<prefix>n`.
    void append_numbered(int count, std::string const& prefix = "e") const {
        std::vector<core::NewEvent> events;
        for (int i = 1; i <= count; ++i) events.push_back(event(prefix + std::to_string(i)));
        append(std::move(events));
    }
    void settle(std::string const& id) { need(targets->settled(id)); }
    /// Time goes by, and the targets do what they do then.
    void advance(std::chrono::milliseconds by) {
        clock.advance(by);
        targets->tick();
        for (auto const& each : targets->metrics()) settle(each.id);
    }
    delivery::TargetStatus status(std::string const& id) { return need(targets->status(id)); }
    /// The cursor as it is on disk.
    delivery::LaneRecord saved(std::string const& id) const {
        auto const cursor = log->cursor(delivery::cursor_name(id));
        REQUIRE(cursor.has_value());
        REQUIRE(cursor->has_value());
        auto record = delivery::parse_lane_record(**cursor);
        REQUIRE(record.has_value());
        return *std::move(record);
    }
    /// `type why` of each event of `/delivery` in the log.
    std::vector<std::string> notices() const {
        std::vector<std::string> found;
        auto const page = log->read(0, {.sources = {"/delivery"}}, {});
        REQUIRE(page.has_value());
        for (std::size_t i = 0; i < page->events.size(); ++i) {
            auto const view = page->events[i];
            std::string why;
            static_cast<void>(core::read_field(view.data, "why", why));
            found.push_back(std::string{view.type} + ' ' + why);
        }
        return found;
    }

private:
    core::Result<std::unique_ptr<delivery::Sink>> make_sink(
        delivery::TargetConfig const& config, async::Executor executor
    ) {
        std::scoped_lock const lock{scripts_mutex_};
        auto& found = scripts_[config.name];
        if (!found) found = std::make_shared<Script>();
        return std::make_unique<ScriptedSink>(found, executor);
    }
    static async::Task<bool> drain_all(delivery::Targets& targets, std::chrono::milliseconds grace) {
        co_await targets.drain(grace);
        co_return true;
    }
    void drain() { static_cast<void>(get(drain_all(*targets, grace))); }

    std::size_t shard_count_;
    std::mutex scripts_mutex_;
    std::map<std::string, std::shared_ptr<Script>> scripts_;
    std::vector<std::unique_ptr<async::Shard>> shards_;
    std::unique_ptr<async::WorkerPool> pool_;
};

inline std::vector<core::Seq> range(core::Seq first, core::Seq last) {
    std::vector<core::Seq> all;
    for (auto seq = first; seq <= last; ++seq) all.push_back(seq);
    return all;
}

}  // namespace macp::testing
