#include "server/reports.hpp"

#include "core/json.hpp"
#include "core/version.hpp"

#include <boost/asio/co_spawn.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace macp::server {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

constexpr auto stuck_after = 30s;
constexpr auto telemetry_lifetime = 90ms;
constexpr std::size_t slowest_shown = 10;

Json time_or_null(std::optional<core::Time> time) {
    return time ? Json(core::format_time(*time)) : Json();
}

Json seconds_since(std::optional<core::Time> time, core::Time now) {
    if (!time) return nullptr;
    return std::max(0.0, std::chrono::duration<double>(now - *time).count());
}

Json fault_text(std::optional<core::Error> const& fault) {
    return fault ? Json(fault->message) : Json();
}

Json log_document(events::LogStats const& stats) {
    return {
        {"first_seq", stats.oldest},
        {"last_seq", stats.last},
        {"bytes", stats.bytes},
        {"row_bytes", stats.row_bytes},
        {"commits", stats.commits},
        {"appended", stats.appended},
        {"repeats", stats.repeats},
        {"overruns", stats.overruns},
        {"queue_bytes", stats.queue_bytes},
        {"queue_high_bytes", stats.queue_high_bytes},
        {"queue_limit_bytes", stats.queue_limit_bytes},
        {"last_commit", time_or_null(stats.last_commit)},
        {"fault", fault_text(stats.fault)}
    };
}

Json watch_document(ingest::WatcherStatus const& status) {
    Json files = Json::array();
    for (auto const& file : status.files) {
        files.push_back(
            {{"path", file.file},
             {"offset", file.offset},
             {"size", file.size},
             {"lag_bytes", file.lag_bytes},
             {"lines", file.lines},
             {"events", file.events},
             {"repeats", file.lines - std::min(file.lines, file.events + file.rejects)},
             {"rejects", file.rejects},
             {"last_success_at", time_or_null(file.last_success)},
             {"error", file.last_error.empty() ? Json() : Json(file.last_error)}}
        );
    }
    return files;
}

Json spool_document(ingest::SpoolStatus const& status) {
    return {
        {"files", status.files},
        {"bytes", status.bytes},
        {"taken", status.taken},
        {"events", status.events},
        {"repeats", status.repeats},
        {"rejects", status.rejects},
        {"set_aside", status.set_aside},
        {"last_success_at", time_or_null(status.last_pass)},
        {"error", status.last_error.empty() ? Json() : Json(status.last_error)}
    };
}

Json part(std::string name, bool ok, Json age, std::string detail) {
    Json document{{"name", std::move(name)}, {"ok", ok}, {"last_success_seconds_ago", std::move(age)}};
    if (!detail.empty()) document["detail"] = std::move(detail);
    return document;
}

Json targets_document(std::vector<delivery::TargetMetrics> const& targets) {
    Json list = Json::array();
    for (auto const& target : targets) {
        list.push_back(
            {{"id", target.id},
             {"name", target.name},
             {"state", delivery::to_text(target.state)},
             {"breaker", delivery::to_text(target.breaker)},
             {"lag", target.lag},
             {"in_flight", target.in_flight},
             {"delivered", target.delivered},
             {"attempts", target.attempts},
             {"failed_attempts", target.failed_attempts},
             {"dead_letters", target.dead_letters}}
        );
    }
    return list;
}

/// A target that fails is its own trouble, and others' no reason to stay away: it is told, and does not count.
Json target_part(delivery::TargetMetrics const& target) {
    bool const healthy = target.state == delivery::TargetState::Healthy;
    auto const state = std::string{delivery::to_text(target.state)};
    return part("target:" + target.id, true, nullptr, healthy ? "" : state);
}

Json log_part(events::LogStats const& stats, core::Time now) {
    auto const age = seconds_since(stats.last_commit, now);
    bool const late = age.is_number() && age.get<double>() > std::chrono::duration<double>(stuck_after).count();
    if (stats.fault) return part("log", false, age, stats.fault->message);
    return part("log", !late, age, late ? "no commit has succeeded lately" : "");
}

Json watcher_part(ingest::WatcherStatus const& status, std::chrono::milliseconds interval, core::Time now) {
    auto const age = seconds_since(status.last_pass, now);
    auto const patience =
        std::max(std::chrono::duration<double>(stuck_after), std::chrono::duration<double>(5 * interval));
    if (status.log_fault) return part("watcher", false, age, status.log_fault->message);
    for (auto const& file : status.files) {
        if (!file.last_error.empty()) return part("watcher", false, age, file.file + ": " + file.last_error);
    }
    bool const behind = std::ranges::any_of(status.files, [](auto const& file) { return file.lag_bytes > 0; });
    bool const moving = behind && std::ranges::any_of(status.files, [&](auto const& file) {
                            return file.last_success && now - *file.last_success < stuck_after;
                        });
    bool const late = age.is_number() && age.get<double>() > patience.count() && !moving;
    return part("watcher", !late, age, late ? "the files have not been read lately" : "");
}

Json shard_part(async::Shard& shard) {
    auto const now = std::chrono::steady_clock::now().time_since_epoch();
    auto const last = std::chrono::microseconds{shard.health().last_probe_us.load()};
    auto const age = std::chrono::duration<double>(now - last);
    auto name = "shard-" + std::to_string(shard.index());
    if (last.count() == 0) return part(std::move(name), true, nullptr, "");
    bool const stuck = age > stuck_after;
    return part(std::move(name), !stuck, std::max(0.0, age.count()), stuck ? "the loop does not turn" : "");
}

async::Task<std::vector<ws::SessionStats>> sessions_of(ws::Hub& hub) {
    co_return hub.sessions();
}

Json subscribers_document(std::vector<ws::SessionStats> sessions, std::string const& epoch) {
    std::ranges::sort(sessions, std::ranges::greater{}, &ws::SessionStats::lag_events);
    auto const catching_up = static_cast<std::size_t>(std::ranges::count_if(sessions, &ws::SessionStats::catching_up));
    Json slowest = Json::array();
    for (auto const& session : sessions) {
        if (slowest.size() == slowest_shown) break;
        auto const protocol = ws::protocol_name(session.format);
        slowest.push_back(
            {{"id", session.peer.id},
             {"remote", session.peer.remote},
             {"protocol", protocol.empty() ? "sse" : protocol},
             {"lag_events", session.lag_events},
             {"position", core::format_position(epoch, session.cursor)}}
        );
    }
    return {
        {"count", sessions.size()},
        {"live", sessions.size() - catching_up},
        {"catching_up", catching_up},
        {"max_lag_events", sessions.empty() ? 0 : sessions.front().lag_events},
        {"slowest", std::move(slowest)}
    };
}

}  // namespace

Reports::Reports(Parts parts)
    : parts_{parts}, started_at_{parts_.clock.now()}, started_{std::chrono::steady_clock::now()} {
    sample_ = take_sample();
}

double Reports::uptime_seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
}

async::Task<std::string> Reports::status() const {
    auto const log = parts_.log.stats();
    auto const watched = parts_.watcher != nullptr ? parts_.watcher->status() : ingest::WatcherStatus{};
    std::uint64_t rejects = 0;
    for (auto const& [door, count] : parts_.rejects.counts()) rejects += count;
    std::uint64_t subscribers = 0;
    for (auto const& hub : parts_.hubs) subscribers += hub->counters().sessions.load();
    std::uint64_t connections = 0;
    std::uint64_t requests = 0;
    for (auto const* const counters : parts_.http.counters()) {
        connections += counters->connections.get();
        for (auto const& by_class : counters->by_class) requests += by_class.get();
    }
    Json const document{
        {"name", "macp"},
        {"version", core::version},
        {"uptime_seconds", uptime_seconds()},
        {"epoch", parts_.log.epoch()},
        {"first_seq", log.oldest},
        {"last_seq", log.last},
        {"started_at", core::format_time(started_at_)},
        {"counts",
         {{"events", log.oldest == 0 ? 0 : log.last - log.oldest + 1},
          {"appended", log.appended},
          {"repeats", log.repeats},
          {"overruns", log.overruns},
          {"rejects", rejects},
          {"subscribers", subscribers},
          {"connections", connections},
          {"requests", requests}}},
        {"watch", watch_document(watched)},
        {"spool", spool_document(parts_.spool.status())},
        {"targets", targets_document(parts_.targets.metrics())}
    };
    co_return core::dump_json(document);
}

handlers::Services::Readiness Reports::readiness() const {
    auto const now = parts_.clock.now();
    Json parts = Json::array();
    parts.push_back(log_part(parts_.log.stats(), now));
    if (parts_.watcher != nullptr) parts.push_back(watcher_part(parts_.watcher->status(), parts_.poll_interval, now));
    for (auto const& shard : parts_.shards) parts.push_back(shard_part(*shard));
    for (auto const& target : parts_.targets.metrics()) parts.push_back(target_part(target));
    bool const ready = std::ranges::all_of(parts, [](Json const& document) { return document["ok"].get<bool>(); });
    return {.ready = ready, .document = core::dump_json({{"status", ready ? "ready" : "not_ready"}, {"parts", parts}})};
}

/// Asks each shard about its own.
async::Task<std::vector<ws::SessionStats>> Reports::sessions() const {
    std::vector<ws::SessionStats> all;
    for (auto const& hub : parts_.hubs) {
        auto some = co_await boost::asio::co_spawn(
            hub->shard().executor(), sessions_of(*hub), boost::asio::use_awaitable_t<async::Executor>{}
        );
        std::ranges::move(some, std::back_inserter(all));
    }
    co_return all;
}

Reports::Sample Reports::take_sample() {
    auto const now = std::chrono::steady_clock::now();
    auto const elapsed = std::chrono::duration<double>(now - sample_.at).count();
    bool const first = sample_.loops.empty();
    Sample sample{.at = now, .process = sampler_.sample()};
    for (std::size_t i = 0; i < parts_.shards.size(); ++i) {
        auto& health = parts_.shards[i]->health();
        auto const probes = health.probes.load();
        sample.loops.push_back({
            .probes = probes,
            .per_second = first || elapsed <= 0 ? 0.0 : static_cast<double>(probes - sample_.loops[i].probes) / elapsed,
            .worst_lag_ms = static_cast<double>(health.worst_lag_us.exchange(0)) / 1000,
        });
    }
    return sample;
}

async::Task<std::string> Reports::telemetry() {
    auto const is_fresh = [this] { return std::chrono::steady_clock::now() - telemetry_made_ < telemetry_lifetime; };
    {
        std::scoped_lock const lock{mutex_};
        if (is_fresh()) co_return telemetry_;
    }
    auto subscribers = subscribers_document(co_await sessions(), parts_.log.epoch());
    std::scoped_lock const lock{mutex_};
    if (is_fresh()) co_return telemetry_;  // made for someone else meanwhile: rates need time between two samples
    sample_ = take_sample();
    Json threads = Json::array();
    for (auto const& thread : sample_.process.threads) {
        threads.push_back({{"name", thread.name}, {"tid", thread.tid}, {"cpu_percent", thread.cpu_percent}});
    }
    Json loops = Json::array();
    for (std::size_t i = 0; i < sample_.loops.size(); ++i) {
        auto const lag = static_cast<double>(parts_.shards[i]->health().lag_us.load()) / 1000;
        loops.push_back(
            {{"shard", i},
             {"fps", sample_.loops[i].per_second},
             {"lag_ms", lag},
             {"worst_lag_ms", sample_.loops[i].worst_lag_ms}}
        );
    }
    auto const log = parts_.log.stats();
    Json const queues{
        {{"name", "log"},
         {"depth", log.queue_bytes},
         {"high_water", log.queue_high_bytes},
         {"limit", log.queue_limit_bytes},
         {"unit", "bytes"}},
        {{"name", "readers"},
         {"depth", parts_.readers.depth()},
         {"high_water", parts_.readers.high_water()},
         {"limit", nullptr},
         {"unit", "jobs"}}
    };
    auto const& process = sample_.process;
    telemetry_ = core::dump_json(
        {{"time", core::format_time(parts_.clock.now())},
         {"uptime_seconds", uptime_seconds()},
         {"process",
          {{"cpu_percent", process.cpu_percent},
           {"rss_bytes", process.rss_bytes},
           {"open_files", process.open_files},
           {"threads", process.threads.size()}}},
         {"threads", std::move(threads)},
         {"loops", std::move(loops)},
         {"queues", queues},
         {"subscribers", std::move(subscribers)},
         {"log", log_document(log)}}
    );
    telemetry_made_ = sample_.at;
    co_return telemetry_;
}

async::Task<std::string> Reports::metrics() {
    ProcessStats process;
    {
        std::scoped_lock const lock{mutex_};
        process = ProcessSampler{}.sample();
    }
    co_return prometheus_text(parts_, process, uptime_seconds());
}

}  // namespace macp::server
