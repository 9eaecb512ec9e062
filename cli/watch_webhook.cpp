#include "cli/watch_webhook.hpp"

#include "async/timer.hpp"
#include "core/time.hpp"
#include "delivery/mosaic_webhook.hpp"
#include "delivery/retry.hpp"
#include "delivery/webhook_sink.hpp"
#include "events/chunk.hpp"
#include "events/log_folder.hpp"
#include "server/webhook_targets.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <spdlog/spdlog.h>

namespace macp::cli {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using async::Task;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Errors: Conflict.
core::Result<void> check_no_server(core::Config const& config) {
    auto const database = config.root / config.log.path;
    std::error_code ignored;
    if (!fs::exists(database, ignored)) return {};
    auto const lock = events::LogLock::take(fs::weakly_canonical(database, ignored));
    if (lock || lock.error().code != core::ErrorCode::Conflict) return {};
    return core::fail(
        core::ErrorCode::InvalidField,
        "a server of this workspace is running and delivers that webhook: stop it, or say --force to send every event "
        "twice"
    );
}

}  // namespace

struct WatchWebhook::Impl {
    Impl(delivery::TargetConfig wanted, delivery::SinkMaker const& make_sink)
        : config{std::move(wanted)}, filter{config.filter()}, sink{make_sink(config, loop.get_executor())} {}

    /// One try, cut off at the deadline.
    [[nodiscard]] static Task<delivery::Attempt> try_once(
        delivery::Sink& sink, core::EventView event, std::size_t number, steady_clock::time_point deadline
    ) {
        using asio::experimental::awaitable_operators::operator||;
        async::Timer over{co_await asio::this_coro::executor, deadline};
        delivery::Parcel const parcel{.events = std::span{&event, 1}, .number = number};
        auto const first = co_await (sink.send(parcel) || over.async_wait(async::nothrow));
        if (first.index() == 0) co_return std::get<0>(first);
        co_return delivery::Attempt{.error = "no answer in time"};
    }

    [[nodiscard]] static Task<delivery::Attempt> deliver(Impl& self, core::EventView event) {
        auto const timeout = milliseconds{static_cast<std::int64_t>(self.config.timeout_seconds * 1000)};
        auto const deadline = steady_clock::now() + timeout;
        for (std::size_t number = 1;; ++number) {
            auto attempt = co_await try_once(**self.sink, event, number, deadline);
            if (attempt.outcome != delivery::Outcome::Retry || number > self.config.retry.count) co_return attempt;
            auto const pause = delivery::retry_delay(self.config.retry, number, delivery::random_fraction());
            auto const next = steady_clock::now() + std::max(pause, attempt.retry_after);
            if (next >= deadline) co_return attempt;
            async::Timer timer{co_await asio::this_coro::executor, next};
            co_await timer.async_wait(async::nothrow);
        }
    }

    asio::io_context loop{1};
    delivery::TargetConfig config;
    core::Filter filter;
    core::Result<std::unique_ptr<delivery::Sink>> sink;
};

WatchWebhook::WatchWebhook(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
WatchWebhook::~WatchWebhook() = default;

core::Result<std::unique_ptr<WatchWebhook>> WatchWebhook::make(core::Config const& config, bool force) {
    static core::SystemClock const clock;
    auto const file = config.root / ".mosaic/orchestrator/config.json";
    auto target = delivery::read_mosaic_webhook(file);
    if (!target) return core::pass_on(target);
    if (!*target || !(*target)->enabled) {
        return core::fail(core::ErrorCode::InvalidField, "no webhook is enabled: set macp.webhook in " + file.string());
    }
    if (!force) {
        if (auto const alone = check_no_server(config); !alone) return core::pass_on(alone);
    }
    auto outgoing = server::outgoing_options(config);
    if (!outgoing) return core::pass_on(outgoing);
    auto impl =
        std::make_unique<Impl>(**std::move(target), delivery::webhook_sinks("watch", clock, *std::move(outgoing)));
    if (!impl->sink) return core::pass_on(impl->sink);
    return std::unique_ptr<WatchWebhook>{new WatchWebhook{std::move(impl)}};
}

void WatchWebhook::send(core::NewEvent const& event) {
    events::Chunk chunk;
    chunk.append(0, event);
    auto const view = chunk[0];
    if (!impl_->filter.matches(view)) return;
    auto sent = asio::co_spawn(impl_->loop, Impl::deliver(*impl_, view), asio::use_future);
    impl_->loop.restart();
    while (sent.wait_for(std::chrono::seconds{0}) != std::future_status::ready) impl_->loop.run_one();
    auto const attempt = sent.get();
    if (attempt.outcome == delivery::Outcome::Delivered) return;
    spdlog::warn("{} ({}) was not delivered to {}: {}", event.type, event.id, impl_->config.url, attempt.error);
}

}  // namespace macp::cli
