#include "client/subscription.hpp"

#include "async/timer.hpp"
#include "client/problem.hpp"
#include "client/resume.hpp"
#include "client/wire_text.hpp"
#include "core/json.hpp"
#include "io/ws_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <deque>
#include <exception>
#include <variant>

namespace macp::client {
namespace {

using core::ErrorCode;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds goodbye_limit{1'000};
constexpr std::uint16_t closed_for_policy = 1008;
constexpr std::uint16_t closed_for_bad_command = 4400;
constexpr auto subscribe_id = "1";

/// How a connection ended.
struct Ending {
    core::Error why{};
    bool for_good = false;
};

struct Disconnected {
    core::Error why{};
    milliseconds pause{0};
};

/// What waits to be handed over; a position where handing it over moves ours.
struct Item {
    std::variant<Event, core::Gap, Telemetry, OtherMessage, Connected, Disconnected> what{};
    std::string position{};
};

std::string subscribe_command(SubscriptionOptions const& options, std::string const& since) {
    nlohmann::json command{{"op", "subscribe"}, {"id", subscribe_id}, {"channels", options.channels}};
    for (auto const& channel : options.channels) {
        if (channel == "events") command["since"] = since;
        if (channel == "telemetry") command["interval_ms"] = options.telemetry_interval.count();
    }
    if (!options.types.empty()) command["types"] = options.types;
    for (auto const& [field, glob] : options.where) command["where"][field] = glob;
    return core::dump_json(command);
}

/// Refusals that asking again will not change.
bool is_final(unsigned status) {
    return status / 100 == 4 && status != 408 && status != 425 && status != 429;
}

/// A handler may be left out.
template <class Handler, class... Arguments>
void call(Handler const& handler, Arguments const&... arguments) {
    if (handler) handler(arguments...);
}

}  // namespace

struct Subscription::Impl {
    Impl(SubscriptionOptions chosen, SubscriptionHandlers given)
        : options{std::move(chosen)}, handlers{std::move(given)}, backoff{options.backoff}, pause{loop.get_executor()} {
        auto const base = base_url(options.url);
        auto begin = Resume::from(options.since);
        if (!base) ended = base.error();
        if (!begin) ended = begin.error();
        if (ended) return;
        url = *base + "/ws";
        resume = *std::move(begin);
        position = resume.since();
    }

    // The side that runs inside the loop.
    async::Task<> drive();
    async::Task<Ending> converse();
    async::Task<core::Result<std::unique_ptr<io::WsClient>>> open(bool& refused_for_good);
    Ending ending_of(core::Error error) const;
    core::Result<void> absorb(std::string frame);
    core::Result<void> absorb_message(Message message);

    // The side that turns the loop.
    void pump(Clock::time_point until);
    void hand_over(Item& item);
    void hang_up();
    std::optional<core::Result<void>> outcome();

    io::WsOptions ws_options() const;
    Clock::time_point now() const { return options.clock != nullptr ? options.clock->steady() : Clock::now(); }

    SubscriptionOptions options;
    SubscriptionHandlers handlers;
    std::string url{};
    Resume resume{};
    std::string position{};
    Backoff backoff;
    std::deque<Item> inbox{};
    std::optional<core::Error> ended{};
    std::exception_ptr thrown{};
    std::atomic<bool> stopping{false};
    std::optional<Hello> hello{};  ///< Of this connection.
    bool refused = false;          ///< An `error` came: the command itself is at fault.
    bool was_connected = false;
    bool started = false;
    bool driving = false;
    boost::asio::io_context loop{1};
    async::Timer pause;
    std::unique_ptr<io::WsClient> socket{};
};

io::WsOptions Subscription::Impl::ws_options() const {
    io::WsOptions ws{.url = url, .user_agent = "macp-client", .ca_file = options.ca_file};
    ws.subprotocols = options.batched ? "macp.v1.ndjson, macp.v1" : "macp.v1";
    if (!options.token.empty()) ws.headers.emplace_back("Authorization", "Bearer " + options.token);
    ws.connect = ws.handshake = ws.idle = options.connect_timeout;  // until hello says how often to expect a heartbeat
    ws.message_bytes = options.message_bytes;
    return ws;
}

async::Task<> Subscription::Impl::drive() {
    while (!stopping) {
        auto const since = now();
        auto const ending = co_await converse();
        if (stopping) break;  // `hang_up` may be using the socket
        socket.reset();
        if (ending.for_good) {
            ended = ending.why;
            break;
        }
        if (hello && now() - since >= options.stable_after) backoff.reset();
        auto const wait = std::max<milliseconds>(backoff.next(), ending.why.retry_after);
        inbox.push_back(Item{.what = Disconnected{.why = ending.why, .pause = wait}});
        pause.expires_after(wait);
        co_await pause.async_wait(async::nothrow);
    }
}

async::Task<core::Result<std::unique_ptr<io::WsClient>>> Subscription::Impl::open(bool& refused_for_good) {
    auto ws = ws_options();
    auto opening = co_await io::WsClient::open(loop.get_executor(), std::move(ws));
    auto const must_succeed = options.fail_fast && !was_connected;
    if (!opening) {
        refused_for_good = must_succeed || opening.error().code == ErrorCode::InvalidField;
        co_return tl::unexpected{with_advice(opening.error())};
    }
    if (!opening->socket) {
        refused_for_good = must_succeed || is_final(opening->refusal.status);
        co_return tl::unexpected{to_error(opening->refusal)};
    }
    co_return std::move(opening->socket);
}

async::Task<Ending> Subscription::Impl::converse() {
    hello.reset();
    Ending ending;
    auto opened = co_await open(ending.for_good);
    if (!opened) {
        ending.why = opened.error();
        co_return ending;
    }
    socket = *std::move(opened);
    for (bool subscribed = false; !stopping;) {
        auto frame = co_await socket->read();
        if (!frame) co_return ending_of(frame.error());
        auto const taken = absorb(*std::move(frame));
        if (!taken) co_return Ending{.why = taken.error(), .for_good = refused};
        if (subscribed || !hello) continue;
        subscribed = true;
        socket->set_idle(std::chrono::seconds{3 * std::max(hello->heartbeat_seconds, 1U)});
        auto command = subscribe_command(options, resume.since());
        auto const sent = co_await socket->send(std::move(command));
        if (!sent) co_return ending_of(sent.error());
    }
    co_return ending;
}

Ending Subscription::Impl::ending_of(core::Error error) const {
    auto const code = socket->close_code();
    if (code != 0 && code != 1006) {
        error.message = "the gateway closed the subscription with " + std::to_string(code);
        if (auto const reason = socket->close_reason(); !reason.empty()) error.message += ": " + reason;
    }
    if (code == closed_for_policy)
        return {.why = {.code = ErrorCode::Forbidden, .message = error.message}, .for_good = true};
    if (code == closed_for_bad_command) {
        return {.why = {.code = ErrorCode::InvalidField, .message = error.message}, .for_good = true};
    }
    // A frame over our limit would come again.
    auto const too_large = error.code == ErrorCode::TooLarge;
    return {.why = std::move(error), .for_good = too_large};
}

core::Result<void> Subscription::Impl::absorb(std::string frame) {
    auto messages = parse_messages(std::move(frame));
    if (!messages) return core::pass_on(messages);
    for (auto& message : *messages) {
        if (auto const taken = absorb_message(std::move(message)); !taken) return taken;
    }
    return {};
}

core::Result<void> Subscription::Impl::absorb_message(Message message) {
    if (auto* const event = std::get_if<Event>(&message)) {
        if (!resume.take(event->seq)) return {};
        backoff.reset();
        inbox.push_back(Item{.what = std::move(*event), .position = resume.since()});
    } else if (auto* const greeting = std::get_if<Hello>(&message)) {
        auto const from_now = resume.since() == "now";
        resume.greet(*greeting);
        was_connected = true;
        Connected connected{greeting->epoch, greeting->seq, greeting->version, socket->subprotocol()};
        inbox.push_back(Item{.what = std::move(connected), .position = from_now ? resume.since() : std::string{}});
        hello = std::move(*greeting);
    } else if (auto* const gap = std::get_if<core::Gap>(&message)) {
        resume.skip(*gap);
        inbox.push_back(Item{.what = std::move(*gap), .position = resume.since()});
    } else if (auto* const telemetry = std::get_if<Telemetry>(&message)) {
        inbox.push_back(Item{.what = std::move(*telemetry)});
    } else if (auto* const other = std::get_if<OtherMessage>(&message)) {
        inbox.push_back(Item{.what = std::move(*other)});
    } else if (auto const* const refusal = std::get_if<Refusal>(&message)) {
        refused = true;
        return core::fail(ErrorCode::InvalidField, "the gateway refused to subscribe: " + refusal->error);
    }
    return {};
}

void Subscription::Impl::pump(Clock::time_point until) {
    if (!started) {
        started = driving = true;
        boost::asio::co_spawn(loop, drive(), [this](std::exception_ptr error) {
            driving = false;
            thrown = std::move(error);
        });
    }
    // Read on only once all is handed over: that bounds the inbox by one frame.
    while (inbox.empty() && driving && !stopping) {
        if (loop.run_one_until(until) == 0) break;
    }
    if (thrown) std::rethrow_exception(std::exchange(thrown, nullptr));
}

void Subscription::Impl::hand_over(Item& item) {
    if (!item.position.empty()) position = std::move(item.position);
    if (auto const* event = std::get_if<Event>(&item.what)) {
        call(handlers.on_event, *event, position);
    } else if (auto const* gap = std::get_if<core::Gap>(&item.what)) {
        call(handlers.on_gap, *gap);
    } else if (auto const* telemetry = std::get_if<Telemetry>(&item.what)) {
        call(handlers.on_telemetry, telemetry->data);
    } else if (auto const* other = std::get_if<OtherMessage>(&item.what)) {
        call(handlers.on_other, other->text);
    } else if (auto const* connected = std::get_if<Connected>(&item.what)) {
        call(handlers.on_connect, *connected);
    } else if (auto const* lost = std::get_if<Disconnected>(&item.what)) {
        call(handlers.on_disconnect, lost->why, lost->pause);
    }
}

void Subscription::Impl::hang_up() {
    pause.cancel();
    if (!socket) return;
    bool done = false;
    auto close = socket->close(1000, {}, goodbye_limit);
    boost::asio::co_spawn(loop, std::move(close), [&done](std::exception_ptr const&) { done = true; });
    loop.restart();
    while (!done || driving) {
        if (loop.run_one() == 0) break;
    }
    socket.reset();
}

/// Whether it is over, and how.
std::optional<core::Result<void>> Subscription::Impl::outcome() {
    if (stopping) {
        hang_up();
        return core::Result<void>{};
    }
    if (ended && inbox.empty()) return core::Result<void>{tl::unexpected{*ended}};
    return std::nullopt;
}

Subscription::Subscription(SubscriptionOptions options, SubscriptionHandlers handlers)
    : impl_{std::make_unique<Impl>(std::move(options), std::move(handlers))} {}

Subscription::~Subscription() = default;

core::Result<void> Subscription::run() {
    for (;;) {
        if (auto over = impl_->outcome()) return *std::move(over);
        if (impl_->inbox.empty()) impl_->pump(Clock::time_point::max());
        if (impl_->inbox.empty() || impl_->stopping) continue;
        auto item = std::move(impl_->inbox.front());
        impl_->inbox.pop_front();
        impl_->hand_over(item);
    }
}

core::Result<std::optional<Event>> Subscription::next(std::chrono::milliseconds timeout) {
    auto const until = Clock::now() + timeout;
    for (;;) {
        if (auto const over = impl_->outcome()) {
            return over->map([] { return std::optional<Event>{}; });
        }
        if (impl_->inbox.empty()) impl_->pump(until);
        if (impl_->inbox.empty()) {
            if (impl_->driving && !impl_->stopping && Clock::now() >= until) return std::nullopt;
            continue;
        }
        auto item = std::move(impl_->inbox.front());
        impl_->inbox.pop_front();
        if (auto* const event = std::get_if<Event>(&item.what)) {
            impl_->position = std::move(item.position);
            return std::optional{std::move(*event)};
        }
        impl_->hand_over(item);
    }
}

void Subscription::stop() noexcept {
    impl_->stopping = true;
    boost::asio::post(impl_->loop, [] {});  // wakes the thread that turns the loop
}

std::string const& Subscription::position() const noexcept {
    return impl_->position;
}

}  // namespace macp::client
