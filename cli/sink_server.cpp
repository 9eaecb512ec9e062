#include "cli/sink_server.hpp"

#include "async/timer.hpp"
#include "core/json.hpp"
#include "core/listen_address.hpp"
#include "delivery/retry.hpp"
#include "http/uri.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace macp::cli {
namespace {

using async::Task;
using core::Result;
using Json = nlohmann::json;

constexpr std::array<std::string_view, 7> patterns{
    "/", "/{a}", "/{a}/{b}", "/{a}/{b}/{c}", "/{a}/{b}/{c}/{d}", "/{a}/{b}/{c}/{d}/{e}", "/{a}/{b}/{c}/{d}/{e}/{f}"
};

std::string header_of(http::Request const& request, std::string_view name) {
    return std::string{request.header(name).value_or("")};
}

std::string text_in(Json const& object, std::initializer_list<char const*> names) {
    for (auto const* const name : names) {
        auto const found = object.find(name);
        if (found != object.end() && found->is_string()) return found->get<std::string>();
    }
    return {};
}

/// One CloudEvent, or whatever else is an object: then it is all data.
SinkEvent event_of(Json const& object, std::string const& epoch) {
    SinkEvent event{.epoch = epoch, .text = core::dump_json(object)};
    event.type = text_in(object, {"event_type", "type", "kind", "event"});
    auto const seq = object.find("seq");
    bool const cloud = object.contains("specversion");
    if (cloud && seq != object.end() && seq->is_number_unsigned()) event.seq = seq->get<core::Seq>();
    event.data = cloud ? core::dump_json(object.value("data", Json())) : event.text;
    return event;
}

core::Seq number_in(std::string const& text) {
    auto const position = core::parse_position(text);
    return position && position->kind == core::Position::Kind::At ? position->seq : 0;
}

}  // namespace

Result<std::vector<SinkEvent>> read_sink_events(http::Request const& request) {
    auto const position = core::parse_position(header_of(request, "macp-position"));
    auto const epoch = position ? position->epoch : std::string{};
    auto const body = core::parse_json(request.body);
    auto const binary_type = header_of(request, "ce-type");
    auto const raw_type = header_of(request, "macp-event-type");
    std::vector<SinkEvent> events;
    if (!body) {
        if (binary_type.empty()) return core::pass_on(body);
        events.push_back({.type = binary_type, .data = "null", .epoch = epoch, .text = "null"}
        );  // data of another type
    } else if (body->is_array()) {
        for (auto const& item : *body) {
            if (!item.is_object()) return core::fail(core::ErrorCode::InvalidField, "a batch holds only objects");
            events.push_back(event_of(item, epoch));
        }
        return events;
    } else if (!binary_type.empty() || !body->is_object()) {
        events.push_back({.type = binary_type, .data = core::dump_json(*body), .epoch = epoch});
        events.back().text = events.back().data;
    } else {
        events.push_back(event_of(*body, epoch));
    }
    auto& event = events.front();
    if (event.type.empty()) event.type = http::percent_decode(raw_type).value_or(raw_type);
    if (event.seq == 0) event.seq = number_in(header_of(request, "macp-seq"));
    return events;
}

SinkServer::SinkServer(SinkOptions options, Callbacks callbacks)
    : options_{std::move(options)}, callbacks_{std::move(callbacks)} {}

Result<std::unique_ptr<SinkServer>> SinkServer::start(SinkOptions options, Callbacks callbacks) {
    std::unique_ptr<SinkServer> sink{new SinkServer{std::move(options), std::move(callbacks)}};
    if (!sink->options_.secrets.empty()) {
        auto verifier = delivery::WebhookVerifier::make(sink->options_.secrets);
        if (!verifier) return core::pass_on(verifier);
        sink->verifier_ = *std::move(verifier);
    }
    http::Limits limits;
    limits.request_timeout = std::chrono::hours{1};  // delays are its trade
    limits.access_log = http::AccessLogging::Off;
    sink->router_ = std::make_unique<http::Router>(sink->routes());
    sink->http_ = std::make_unique<http::HttpServer>(std::vector{&sink->shard_}, limits, sink->access_);
    auto const bound = sink->http_->listen(sink->options_.listen, *sink->router_);
    if (!bound) return core::pass_on(bound);
    auto address = core::parse_listen_address(sink->options_.listen);
    if (!address) return core::pass_on(address);
    address->port = bound->port();
    sink->url_ = address->url();
    sink->shard_.start();
    return sink;
}

SinkServer::~SinkServer() {
    shard_.start();
    if (http_) {
        boost::asio::co_spawn(shard_.executor(), http_->drain(std::chrono::seconds{0}), boost::asio::use_future).get();
    }
    shard_.stop();
    shard_.join();
}

SinkTally SinkServer::tally() const {
    std::scoped_lock const lock{mutex_};
    return tally_;
}

std::vector<http::Route> SinkServer::routes() {
    std::vector<http::Route> routes;
    for (auto const& method : {"POST", "PUT"}) {
        for (auto const pattern : patterns) {
            routes.push_back({
                .method = method,
                .pattern = pattern,
                .operation_id = "take",
                .scope = http::Scope::None,
                .body = http::BodyLimit::Bulk,
                .handler = [this](auto request) { return take(std::move(request)); },
                .long_poll = true,
            });
        }
    }
    return routes;
}

Result<void> SinkServer::check_signature(http::Request const& request) const {
    if (!verifier_) return {};
    delivery::WebhookHeaders const headers{
        .id = header_of(request, "webhook-id"),
        .timestamp = header_of(request, "webhook-timestamp"),
        .signature = header_of(request, "webhook-signature"),
    };
    return verifier_->verify(headers, request.body, clock_.now());
}

/// The status of a request that is not to be taken, by chance.
std::optional<unsigned> SinkServer::failure() const {
    auto chance = delivery::random_fraction();
    for (auto const& [status, share] : options_.failures) {
        if (chance < share) return status;
        chance -= share;
    }
    return std::nullopt;
}

Task<Result<http::Response>> SinkServer::take(http::Request request) {
    if (options_.delay.count() != 0) {
        async::Timer timer{shard_.executor()};
        timer.expires_after(options_.delay);
        co_await timer.async_wait(async::nothrow);
    }
    if (auto const signed_well = check_signature(request); !signed_well) {
        callbacks_.refused(request, 401, signed_well.error().message);
        co_return core::pass_on(signed_well);
    }
    if (auto const status = failure()) {
        callbacks_.refused(request, *status, "on demand");
        http::Response response{.status = *status, .content_type = "text/plain", .body = "on demand\n"};
        if (!options_.retry_after.empty()) response.headers.emplace_back("Retry-After", options_.retry_after);
        co_return response;
    }
    auto const events = read_sink_events(request);
    if (!events) {
        callbacks_.refused(request, 400, events.error().message);
        co_return core::pass_on(events);
    }
    for (auto const& event : *events) {
        std::unique_lock lock{mutex_};
        auto const arrival = event.seq == 0 ? SinkTally::Arrival::Next : tally_.note(event.epoch, event.seq);
        lock.unlock();
        callbacks_.event(event, arrival);
    }
    co_return http::Response{.status = 204};
}

}  // namespace macp::cli
