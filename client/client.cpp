#include "client/client.hpp"

#include "client/problem.hpp"
#include "client/wire_text.hpp"
#include "core/id.hpp"
#include "core/json.hpp"
#include "io/http_client.hpp"
#include "io/url.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <exception>
#include <mutex>
#include <thread>

namespace macp::client {
namespace {

using core::ErrorCode;
using nlohmann::json;

constexpr auto json_type = "application/json";
constexpr auto ndjson_type = "application/x-ndjson";

/// A loop that the calling thread turns itself, with the connections that live on it.
struct Engine {
    explicit Engine(io::HttpClientOptions options) : http{loop.get_executor(), std::move(options)} {}

    core::Result<io::HttpResponse> run(io::HttpRequest request) {
        std::optional<core::Result<io::HttpResponse>> answer;
        std::exception_ptr thrown;
        auto done = [&](std::exception_ptr error, core::Result<io::HttpResponse> result) {
            thrown = std::move(error);
            answer = std::move(result);
        };
        boost::asio::co_spawn(loop, http.request(std::move(request)), std::move(done));
        loop.restart();
        while (!answer) loop.run_one();  // not run(): a look-up that was given up may still be under way
        if (thrown) std::rethrow_exception(thrown);
        return *std::move(answer);
    }

    boost::asio::io_context loop{1};
    io::HttpClient http;
};

void add_parameter(std::string& query, std::string_view name, std::string_view value) {
    query += query.empty() ? '?' : '&';
    query += io::percent_encode(name) + '=' + io::percent_encode(value);
}

std::string to_text(EventQuery const& query) {
    std::string text;
    if (!query.since.empty()) add_parameter(text, "since", query.since);
    if (!query.until.empty()) add_parameter(text, "until", query.until);
    if (query.limit != 0) add_parameter(text, "limit", std::to_string(query.limit));
    for (auto const& type : query.filter.types) add_parameter(text, "type", type);
    for (auto const& source : query.filter.sources) add_parameter(text, "source", source);
    for (auto const& subject : query.filter.subjects) add_parameter(text, "subject", subject);
    for (auto const& [field, glob] : query.filter.where) add_parameter(text, "data." + field, glob);
    return text;
}

core::Result<json> to_json(io::HttpResponse const& answer) {
    return core::parse_json(answer.body);
}

core::Result<Receipt> to_receipt(io::HttpResponse const& answer) {
    auto const body = core::parse_json(answer.body);
    if (!body) return core::pass_on(body);
    auto const number = [&body](char const* name) -> std::uint64_t {
        auto const found = body->is_object() ? body->find(name) : body->end();
        return found != body->end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
    };
    return Receipt{
        .accepted = number("accepted"),
        .first_seq = number("first_seq"),
        .last_seq = number("last_seq"),
        .repeats = number("repeats"),
    };
}

/// Cuts a stream into lines and hands each on. A failure of `take` ends the stream.
class LineCutter {
public:
    using Take = std::function<core::Result<void>(std::string_view)>;
    explicit LineCutter(Take take) : take_{std::move(take)} {}

    core::Result<void> add(std::string_view piece) {
        for (auto end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
            rest_ += piece.substr(0, end);
            piece.remove_prefix(end + 1);
            if (auto const taken = finish(); !taken) return taken;
        }
        rest_ += piece;
        return {};
    }

    /// Hands on a last line that has no end.
    core::Result<void> finish() {
        auto const line = std::exchange(rest_, {});
        return core::trim(line).empty() ? core::Result<void>{} : take_(line);
    }

private:
    Take take_;
    std::string rest_{};
};

}  // namespace

struct Client::Impl {
    explicit Impl(ClientOptions chosen) : options{std::move(chosen)}, base{base_url(options.url)} {
        if (!options.retry.sleep) options.retry.sleep = [](auto time) { std::this_thread::sleep_for(time); };
    }

    io::HttpClientOptions http_options() const {
        io::HttpClientOptions http{.user_agent = "macp-client", .ca_file = options.ca_file};
        http.timeouts.connect = http.timeouts.handshake = options.connect_timeout;
        http.timeouts.answer = http.timeouts.idle = options.answer_timeout;
        http.timeouts.total = options.total_timeout;
        http.response_bytes = options.answer_bytes;
        return http;
    }

    /// One try on an engine of its own, which then waits for the next call.
    core::Result<io::HttpResponse> try_once(io::HttpRequest request) {
        auto engine = take_engine();
        auto answer = engine->run(std::move(request));
        auto const lock = std::scoped_lock{mutex};
        idle.push_back(std::move(engine));
        return answer;
    }

    std::unique_ptr<Engine> take_engine() {
        {
            auto const lock = std::scoped_lock{mutex};
            if (!idle.empty()) {
                auto engine = std::move(idle.back());
                idle.pop_back();
                return engine;
            }
        }
        return std::make_unique<Engine>(http_options());
    }

    core::Result<io::HttpRequest> prepare(std::string method, std::string const& target) const {
        if (!base) return core::pass_on(base);
        io::HttpRequest request{.method = std::move(method), .url = *base + target};
        if (!options.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + options.token);
        return request;
    }

    /// Sends until there is an answer that should not be asked for again.
    core::Result<io::HttpResponse> send(io::HttpRequest const& request, unsigned tries) {
        Backoff backoff{options.retry.backoff};
        for (unsigned attempt = 1;; ++attempt) {
            auto answer = try_once(request);
            if (!answer) return tl::unexpected{with_advice(answer.error())};
            if (answer->status / 100 == 2) return answer;
            auto error = to_error(*answer);
            std::chrono::milliseconds const asked = error.retry_after;
            auto const wait = std::max(asked, backoff.next());
            auto const for_now = answer->status == 429 || answer->status == 503;
            if (!for_now || attempt >= tries || wait > options.retry.longest_wait)
                return tl::unexpected{std::move(error)};
            options.retry.sleep(wait);
        }
    }

    core::Result<io::HttpResponse> get(std::string const& target) {
        return prepare("GET", target).and_then([this](auto const& request) {
            return send(request, options.retry.tries);
        });
    }

    core::Result<io::HttpResponse> post(
        std::string const& target, std::string body, char const* type, std::string key
    ) {
        auto request = prepare("POST", target);
        if (!request) return core::pass_on(request);
        if (key.empty() && options.retry.tries > 1) key = core::random_hex(16);
        request->repeatable = !key.empty();
        if (!body.empty()) request->headers.emplace_back("Content-Type", type);
        if (!key.empty()) request->headers.emplace_back("Idempotency-Key", std::move(key));
        request->body = std::move(body);
        return send(*request, request->repeatable ? options.retry.tries : 1);
    }

    ClientOptions options;
    core::Result<std::string> base;
    std::mutex mutex{};
    std::vector<std::unique_ptr<Engine>> idle{};
};

Client::Client(ClientOptions options) : impl_{std::make_unique<Impl>(std::move(options))} {}
Client::~Client() = default;

core::Result<json> Client::health() {
    return impl_->get("/healthz").and_then(to_json);
}
core::Result<json> Client::status() {
    return impl_->get("/api/status").and_then(to_json);
}
core::Result<json> Client::telemetry() {
    return impl_->get("/api/system/telemetry").and_then(to_json);
}
core::Result<json> Client::openapi() {
    return impl_->get("/openapi.json").and_then(to_json);
}
core::Result<json> Client::asyncapi() {
    return impl_->get("/asyncapi.json").and_then(to_json);
}

core::Result<json> Client::ready() {
    return impl_->prepare("GET", "/readyz")
        .and_then([this](auto const& request) { return impl_->send(request, 1); })
        .and_then(to_json);
}

core::Result<json> Client::get_json(std::string const& target) {
    return impl_->get(target).and_then(to_json);
}

core::Result<json> Client::send_json(char const* method, std::string const& target, json const& body, std::string key) {
    auto text = body.is_null() ? std::string{} : core::dump_json(body);
    bool const post = std::string_view{method} == "POST";
    if (post) return impl_->post(target, std::move(text), json_type, std::move(key)).and_then(to_json);
    auto request = impl_->prepare(method, target);
    if (!request) return core::pass_on(request);
    if (!text.empty()) request->headers.emplace_back("Content-Type", json_type);
    request->body = std::move(text);
    return impl_->send(*request, 1).and_then(to_json);
}

core::Result<std::string> Client::metrics() {
    return impl_->get("/metrics").map([](io::HttpResponse&& answer) { return std::move(answer.body); });
}

core::Result<EventPage> Client::events(EventQuery const& query) {
    return impl_->get("/api/events" + to_text(query)).and_then([](io::HttpResponse&& answer) {
        return parse_page(std::move(answer.body));
    });
}

core::Result<Event> Client::event(core::Seq seq) {
    return impl_->get("/api/events/" + std::to_string(seq)).and_then([](io::HttpResponse const& answer) {
        return parse_event(answer.body);
    });
}

core::Result<std::string> Client::for_each_event(
    EventQuery query, EventCallback const& each, GapCallback const& on_gap
) {
    for (;;) {
        auto page = events(query);
        if (!page) return core::pass_on(page);
        if (auto const& gap = page->gap; gap && on_gap) on_gap(*gap);
        for (auto const& event : page->items) {
            if (each(event)) continue;
            return page->position.substr(0, page->position.find(':') + 1) + std::to_string(event.seq);
        }
        if (page->next_cursor.empty()) return std::move(page->position);
        if (page->next_cursor == query.since)
            return core::fail(ErrorCode::Internal, "the gateway's pages do not move on");
        query.since = std::move(page->next_cursor);
    }
}

core::Result<void> Client::stream_events(
    EventQuery const& query, EventCallback const& each, GapCallback const& on_gap
) {
    bool enough = false;
    LineCutter lines{[&](std::string_view line) -> core::Result<void> {
        auto const parsed = parse_event_line(line);
        if (!parsed) return core::pass_on(parsed);
        if (auto const* gap = std::get_if<core::Gap>(&*parsed)) {
            if (on_gap) on_gap(*gap);
            return {};
        }
        enough = !each(std::get<Event>(*parsed));
        return enough ? core::Result<void>{core::fail(ErrorCode::Internal, "enough")} : core::Result<void>{};
    }};
    auto request = impl_->prepare("GET", "/api/events" + to_text(query));
    if (!request) return core::pass_on(request);
    request->headers.emplace_back("Accept", ndjson_type);
    auto timeouts = impl_->http_options().timeouts;
    timeouts.total = std::chrono::milliseconds{0};
    request->timeouts = timeouts;
    request->sink = [&lines](std::string_view piece) { return lines.add(piece); };
    auto const done = impl_->send(*request, impl_->options.retry.tries);
    if (enough) return {};
    if (!done) return core::pass_on(done);
    auto const last = lines.finish();
    return enough ? core::Result<void>{} : last;
}

core::Result<Receipt> Client::emit(json const& events, std::string key) {
    return impl_->post("/api/events", core::dump_json(events), json_type, std::move(key)).and_then(to_receipt);
}

core::Result<Receipt> Client::emit_lines(std::string lines, std::string key) {
    return impl_->post("/api/events", std::move(lines), ndjson_type, std::move(key)).and_then(to_receipt);
}

core::Result<json> Client::hook(std::string const& door, std::string body, std::string key) {
    return impl_->post(door, std::move(body), json_type, std::move(key)).and_then(to_json);
}

core::Result<json> Client::rejects(std::size_t limit, std::string const& cursor) {
    std::string query;
    if (limit != 0) add_parameter(query, "limit", std::to_string(limit));
    if (!cursor.empty()) add_parameter(query, "cursor", cursor);
    return impl_->get("/api/ingest/rejects" + query).and_then(to_json);
}

core::Result<json> Client::retry_reject(std::string const& id) {
    return impl_->post("/api/ingest/rejects/" + io::percent_encode(id) + "/retry", {}, json_type, {}).and_then(to_json);
}

core::Result<Reply> Client::call(
    std::string method, std::string const& target, std::string body,
    std::vector<std::pair<std::string, std::string>> headers
) {
    auto request = impl_->prepare(std::move(method), target);
    if (!request) return core::pass_on(request);
    request->body = std::move(body);
    for (auto& header : headers) request->headers.push_back(std::move(header));
    auto answer = impl_->try_once(*std::move(request));
    if (!answer) return tl::unexpected{with_advice(answer.error())};
    return Reply{.status = answer->status, .headers = std::move(answer->headers), .body = std::move(answer->body)};
}

}  // namespace macp::client
