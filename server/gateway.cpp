#include "server/gateway.hpp"

#include "async/cores.hpp"
#include "core/id.hpp"
#include "core/json.hpp"
#include "core/version.hpp"
#include "delivery/webhook_sink.hpp"
#include "events/sqlite_log.hpp"
#include "handlers/routes.hpp"
#include "http/tokens.hpp"
#include "server/reports.hpp"
#include "server/spool_poll.hpp"
#include "server/webhook_targets.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <utility>

namespace macp::server {
namespace {

namespace fs = std::filesystem;
using core::Result;
using std::chrono::milliseconds;

constexpr std::chrono::seconds proof_interval{10};

milliseconds to_milliseconds(double seconds) {
    return milliseconds{static_cast<std::int64_t>(seconds * 1000)};
}

fs::path under(fs::path const& root, fs::path const& path) {
    return path.is_absolute() ? path : root / path;
}

events::IntegrityCheck integrity_check(std::string_view name) {
    if (name == "off") return events::IntegrityCheck::Off;
    return name == "full" ? events::IntegrityCheck::Full : events::IntegrityCheck::Quick;
}

events::SqliteLog::Options log_options(core::Config const& config, core::Clock const& clock) {
    auto const max_age = config.log.max_age_days * std::chrono::duration<double>(std::chrono::hours{24});
    return {
        .clock = clock,
        .path = under(config.root, config.log.path),
        .full_sync = config.log.synchronous == "full",
        .queue_bytes = config.log.queue_bytes,
        .tail_bytes = config.log.tail_bytes,
        .max_age = std::chrono::duration_cast<std::chrono::microseconds>(max_age),
        .max_bytes = config.log.max_bytes,
        .integrity_check = integrity_check(config.log.integrity_check),
    };
}

Result<http::Access::Policy> policy_of(core::Config const& config) {
    http::Access::Policy policy{.hosts = config.access.hosts, .origins = config.access.origins};
    for (auto const& [name, text] : config.access.tokens) {
        auto token = http::parse_token(name, text);
        if (!token) return core::pass_on(token);
        policy.tokens.push_back(*std::move(token));
    }
    for (auto const& address : {config.listen, config.ws.listen}) {
        if (address.empty()) continue;
        if (auto const checked = http::check_listen(address, policy.tokens); !checked) return core::pass_on(checked);
    }
    return policy;
}

std::optional<http::TlsFiles> tls_of(core::Config const& config) {
    if (config.tls.certificate_file.empty()) return std::nullopt;
    return http::TlsFiles{.certificate = config.tls.certificate_file, .key = config.tls.key_file};
}

std::string text_of(boost::asio::ip::tcp::endpoint const& endpoint) {
    auto const address = endpoint.address();
    auto const host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
    return host + ':' + std::to_string(endpoint.port());
}

/// Awaits the task on the shard's loop, blocking this thread.
template <class T>
T on_loop(async::Shard& shard, async::Task<T> task) {
    return boost::asio::co_spawn(shard.executor(), std::move(task), boost::asio::use_future).get();
}

ingest::WatcherOptions watcher_options(core::Config const& config) {
    return {
        .root = config.root,
        .files = config.watch.events,
        .poll_interval = to_milliseconds(config.watch.poll_interval_seconds),
        .max_line_bytes = config.watch.max_line_bytes,
    };
}

}  // namespace

Gateway::Gateway(core::LoadedConfig config) : loaded_{std::move(config)}, seats_{loaded_.config.ws.max_subscribers} {}

Result<std::unique_ptr<Gateway>> Gateway::start(core::LoadedConfig config) {
    if (auto const checked = core::check_for_serving(config.config); !checked) return core::pass_on(checked);
    std::unique_ptr<Gateway> gateway{new Gateway{std::move(config)}};
    if (auto const opened = gateway->open_log(); !opened) return core::pass_on(opened);
    gateway->build_fan_out();
    if (auto const started = gateway->start_delivery(); !started) return core::pass_on(started);
    if (auto const built = gateway->build_doors(); !built) return core::pass_on(built);
    auto& first = *gateway->shards_.front();
    first.tasks().spawn(poll_spool(first, *gateway->readers_, *gateway->spool_, gateway->poll_interval_));
    for (auto& shard : gateway->shards_) shard->start();
    gateway->announce(
        "gateway.started", R"({"version":)" + core::json_string(core::version) + R"(,"epoch":)" +
                               core::json_string(gateway->log_->epoch()) + R"(,"listen":)" +
                               core::json_string(gateway->address_) + "}"
    );
    return gateway;
}

Gateway::~Gateway() {
    if (!stopped_) stop_everything(milliseconds{0});
}

Result<void> Gateway::open_log() {
    auto options = log_options(loaded_.config, clock_);
    options.on_overrun = [this](events::Overrun const& overrun) {
        if (auto* const targets = delivering_.load()) targets->overrun(overrun);
    };
    auto opened = events::SqliteLog::open(std::move(options));
    if (!opened) return core::pass_on(opened);
    log_ = *std::move(opened);
    rejects_ = std::make_unique<ingest::Rejects>(*log_);
    return {};
}

void Gateway::build_fan_out() {
    auto const& config = loaded_.config;
    auto const wanted = config.threads != 0 ? config.threads : async::usable_cores();
    readers_ = std::make_unique<async::WorkerPool>("reader", config.log.readers);
    for (std::size_t i = 0; i < wanted; ++i) shards_.push_back(std::make_unique<async::Shard>(i));
    for (auto& shard : shards_) {
        ws::HubServices services{.log = *log_, .readers = *readers_, .seats = seats_, .config = config.ws};
        services.telemetry = [this] { return reports_->telemetry(); };
        services.still_valid = [this](std::string const& caller) {
            return access_->still_valid(caller, http::Scope::Read);
        };
        hubs_.push_back(std::make_unique<ws::Hub>(*shard, std::move(services)));
        shard->tasks().spawn(close_on_drain(*hubs_.back()));
    }
    shards_.front()->tasks().spawn(prove_log());
}

Result<void> Gateway::start_delivery() {
    environment_ = process_environment();
    auto configured = configured_targets(loaded_.config, environment_);
    if (!configured) return core::pass_on(configured);
    auto outgoing = outgoing_options(loaded_.config);
    if (!outgoing) return core::pass_on(outgoing);
    targets_ = std::make_unique<delivery::Targets>(delivery::TargetServices{
        .log = *log_,
        .readers = *readers_,
        .clock = clock_,
        .shards = shard_list(),
        .make_sink = delivery::webhook_sinks(log_->epoch(), clock_, *std::move(outgoing)),
        .environment = environment_,
    });
    if (auto const started = targets_->start(*std::move(configured)); !started) return core::pass_on(started);
    delivering_ = targets_.get();
    return {};
}

std::vector<async::Shard*> Gateway::shard_list() const {
    std::vector<async::Shard*> all;
    for (auto const& shard : shards_) all.push_back(shard.get());
    return all;
}

Result<void> Gateway::build_doors() {
    auto const& config = loaded_.config;
    auto policy = policy_of(config);
    if (!policy) return core::pass_on(policy);
    access_ = std::make_unique<http::Access>(*std::move(policy));
    http_ = std::make_unique<http::HttpServer>(shard_list(), http::Limits::from(config.http), *access_);
    start_watcher();
    build_services();
    bool const echo = std::getenv("MACP_TEST_ECHO") != nullptr;  // NOLINT(concurrency-mt-unsafe): nothing writes it
    router_ = std::make_unique<http::Router>(handlers::all_routes(*services_, echo));
    auto const bound = http_->listen(config.listen, *router_, tls_of(config));
    if (!bound) return core::pass_on(bound);
    address_ = text_of(*bound);
    if (config.ws.listen.empty()) return {};
    ws_router_ = std::make_unique<http::Router>(handlers::stream_routes(*services_));
    auto const ws_bound = http_->listen(config.ws.listen, *ws_router_, tls_of(config));
    if (!ws_bound) return core::pass_on(ws_bound);
    ws_address_ = text_of(*ws_bound);
    return {};
}

void Gateway::start_watcher() {
    poll_interval_ = to_milliseconds(loaded_.config.watch.poll_interval_seconds);
    spool_ = std::make_unique<ingest::Spool>(*log_, clock_, *rejects_, loaded_.config.root / ingest::spool_place);
    if (loaded_.config.watch.enabled) {
        watcher_ = std::make_unique<ingest::Watcher>(*log_, clock_, *rejects_, watcher_options(loaded_.config));
    }
}

void Gateway::build_services() {
    reports_ = std::make_unique<Reports>(Parts{
        .log = *log_,
        .clock = clock_,
        .readers = *readers_,
        .http = *http_,
        .rejects = *rejects_,
        .targets = *targets_,
        .shards = shards_,
        .hubs = hubs_,
        .watcher = watcher_.get(),
        .spool = *spool_,
        .poll_interval = to_milliseconds(loaded_.config.watch.poll_interval_seconds),
    });
    services_ = std::make_unique<handlers::Services>(handlers::Services{
        .log = *log_,
        .readers = *readers_,
        .clock = clock_,
        .rejects = *rejects_,
        .targets = *targets_,
        .environment = environment_,
    });
    auto const& variable = loaded_.config.github.secret_env;
    auto const* const secret = std::getenv(variable.c_str());  // NOLINT(concurrency-mt-unsafe): nothing writes it
    if (secret != nullptr) services_->github_secret = secret;
    services_->hub = [this](async::Shard& shard) -> ws::Hub& { return *hubs_[shard.index()]; };
    services_->status = [this] { return reports_->status(); };
    services_->telemetry = [this] { return reports_->telemetry(); };
    services_->readiness = [this] { return reports_->readiness(); };
    services_->metrics = [this] { return reports_->metrics(); };
}

void Gateway::announce(std::string type, std::string data) {
    auto const now = clock_.now();
    events::Commit commit;
    commit.events.push_back({
        .id = core::make_uuid7(now),
        .source = "/gateway",
        .type = std::move(type),
        .time = now,
        .data = std::move(data),
    });
    if (auto const stored = log_->commit_and_wait(std::move(commit)); !stored) {
        spdlog::warn("the log took no notice of this start or stop: {}", stored.error().message);
    }
}

/// Commits something small when nothing else has been committed for a while, so that `/readyz` knows of a log that can
/// no longer commit before anyone's event has to wait for it.
async::Task<> Gateway::prove_log() {
    async::Timer timer{shards_.front()->executor()};
    while (!shards_.front()->drain().requested()) {
        timer.expires_after(proof_interval);
        auto const [ec] = co_await timer.async_wait(async::nothrow);
        if (ec) co_return;
        auto const stats = log_->stats();
        if (stats.last_commit && !stats.fault && clock_.now() - *stats.last_commit < proof_interval) continue;
        events::Commit proof;
        proof.rows.push_back({.space = "gateway", .key = "proof", .value = core::format_time(clock_.now())});
        static_cast<void>(co_await log_->commit(std::move(proof)));
    }
}

async::Task<> Gateway::close_on_drain(ws::Hub& hub) {
    co_await hub.shard().drain().wait();
    hub.drain();
}

Result<void> Gateway::reload() {
    auto fresh = core::load_config(loaded_.sources);
    if (!fresh) return core::pass_on(fresh);
    if (auto const checked = core::check_for_serving(fresh->config); !checked) return core::pass_on(checked);
    auto next = loaded_.config;
    core::apply_reloadable(next, fresh->config);
    auto policy = policy_of(next);
    if (!policy) return core::pass_on(policy);
    auto certificates = http_->read_tls();
    if (!certificates) return core::pass_on(certificates);

    auto configured = configured_targets(next, environment_);
    if (!configured) return core::pass_on(configured);
    auto const replaced = on_loop(*shards_.front(), targets_->reconfigure(*std::move(configured)));
    if (!replaced) return replaced;

    // All of it is good: from here on nothing fails, so that a bad file changes nothing.
    for (auto const& key : core::keys_that_need_restart(loaded_.config, fresh->config)) {
        spdlog::warn("{} has changed; it takes a restart to apply", key);
    }
    loaded_.config = std::move(next);
    http_->use_tls(*std::move(certificates));
    access_->replace(*std::move(policy));
    spdlog::set_level(spdlog::level::from_str(loaded_.config.logging.level));
    poll_interval_ = to_milliseconds(loaded_.config.watch.poll_interval_seconds);
    if (watcher_) watcher_->set_poll_interval(poll_interval_);
    for (auto& hub : hubs_) {
        boost::asio::post(hub->shard().context(), [&hub = *hub] { hub.recheck_access(); });
    }
    return {};
}

void Gateway::drain() {
    announce("gateway.stopping", R"({"version":)" + core::json_string(core::version) + "}");
    stop_everything(to_milliseconds(loaded_.config.drain_seconds));
}

/// Top down, so that nothing is gone while somebody may still use it: doors, deliveries, loops, readers; the log goes
/// last of all.
void Gateway::stop_everything(milliseconds grace) {
    stopped_ = true;
    auto const deadline = std::chrono::steady_clock::now() + grace;
    for (auto& shard : shards_) shard->start();
    if (http_) on_loop(*shards_.front(), http_->drain(grace));
    if (watcher_) watcher_->stop();
    delivering_ = nullptr;
    if (targets_) {
        auto const rest = deadline - std::chrono::steady_clock::now();
        on_loop(*shards_.front(), targets_->drain(std::max(rest, std::chrono::steady_clock::duration::zero())));
    }
    for (auto& shard : shards_) on_loop(*shard, shard->tasks().drain(milliseconds{0}));
    for (auto& shard : shards_) shard->stop();
    for (auto& shard : shards_) shard->join();
    if (readers_) readers_->join();
    settle_log();
}

/// Waits for what was queued without waiting for it: from then on the log's thread wakes no loop any more.
void Gateway::settle_log() {
    if (!log_) return;
    for (;;) {
        auto const settled = log_->commit_and_wait({});
        if (settled || settled.error().code != core::ErrorCode::Overloaded) return;
        std::this_thread::yield();
    }
}

}  // namespace macp::server
