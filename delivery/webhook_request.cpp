#include "delivery/webhook_request.hpp"

#include "core/position.hpp"
#include "delivery/base64.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <simdjson.h>

namespace macp::delivery {
namespace {

/// What a request needs of an event beside its views.
struct Attributes {
    std::string id{};
    io::Headers headers{};  ///< As `ce-` headers; only when they were asked for.
    std::string content_type{"application/json"};
    std::optional<std::string> binary{};  ///< Data that is not JSON.
};

bool lies_within(std::string_view part, std::string_view whole) {
    std::less_equal<char const*> const before;
    return before(whole.data(), part.data()) && before(part.data() + part.size(), whole.data() + whole.size());
}

/// The event's text with null for its data, which may be large and is not needed.
std::string without_data(core::EventView const& event) {
    if (event.data.empty() || !lies_within(event.data, event.text)) return std::string{event.text};
    auto const at = static_cast<std::size_t>(event.data.data() - event.text.data());
    return std::string{event.text.substr(0, at)}.append("null").append(event.text.substr(at + event.data.size()));
}

/// Errors: Corrupt, also for base64 that is none.
core::Result<void> take(Attributes& out, std::string_view name, simdjson::dom::element value, bool with_headers) {
    std::string_view text;
    auto const is_text = value.get(text) == simdjson::SUCCESS;
    if (name == "id" && is_text) out.id = text;
    if (name == "data") return {};
    if (name == "datacontenttype" && is_text) {
        out.content_type = text;
    } else if (name == "data_base64" && is_text) {
        out.binary = from_base64(text);
        if (!out.binary) return core::fail(core::ErrorCode::Corrupt, "the data of the event is not base64");
    } else if (with_headers) {
        auto const shown = is_text ? encode_header_value(text) : std::string{simdjson::minify(value)};
        out.headers.emplace_back("ce-" + std::string{name}, shown);
    }
    return {};
}

core::Result<Attributes> read_attributes(core::EventView const& event, bool with_headers) {
    thread_local simdjson::dom::parser parser;
    auto const text = without_data(event);
    simdjson::dom::object members;
    if (parser.parse(text).get(members) != simdjson::SUCCESS) {
        return core::fail(
            core::ErrorCode::Corrupt, "event " + std::to_string(event.seq) + " of the log cannot be read as JSON"
        );
    }
    Attributes out;
    for (auto const& [name, value] : members) {
        if (auto const taken = take(out, name, value, with_headers); !taken) return core::pass_on(taken);
    }
    if (out.binary && members["datacontenttype"].error() != simdjson::SUCCESS) {
        out.content_type = "application/octet-stream";
    }
    return out;
}

std::string batch_of(std::span<core::EventView const> events) {
    std::size_t bytes = 1;
    for (auto const& event : events) bytes += event.text.size() + 1;
    std::string body;
    body.reserve(bytes);
    for (auto const& event : events) body.append(1, body.empty() ? '[' : ',').append(event.text);
    return body += ']';
}

void append(io::Headers& headers, io::Headers more) {
    headers.insert(headers.end(), std::move_iterator{more.begin()}, std::move_iterator{more.end()});
}

/// The body of a request for one event, and what goes with it into the header.
void write_event(io::HttpRequest& request, core::EventView const& event, Attributes attributes, Format format) {
    request.headers.emplace_back("macp-event-id", encode_header_value(attributes.id));
    request.headers.emplace_back("macp-event-type", encode_header_value(event.type));
    append(request.headers, std::move(attributes.headers));
    if (format == Format::CloudEvents) {
        request.headers.emplace_back("Content-Type", "application/cloudevents+json");
        request.body = event.text;
        return;
    }
    auto const nothing = event.data.empty() && !attributes.binary;
    request.body = attributes.binary ? *std::move(attributes.binary) : std::string{event.data};
    if (nothing && format == Format::Binary) return;
    if (nothing) request.body = "{}";  // receivers parse an object
    request.headers.emplace_back("Content-Type", std::move(attributes.content_type));
}

/// Names the request over all its tries, and nothing else of this log.
std::string webhook_id(std::string_view epoch, std::span<core::EventView const> events, std::string id, bool batch) {
    std::string out{epoch};
    out += '_';
    if (batch) out += std::to_string(events.front().seq) + '_';
    if (events.back().seq != 0) return out += std::to_string(events.back().seq);
    std::ranges::replace_if(id, [](char c) { return c == '.' || c <= ' ' || c > '~'; }, '_');
    return out += id;
}

}  // namespace

core::Result<RequestMaker> RequestMaker::make(TargetConfig const& target, std::string epoch) {
    if (auto const sound = validate(target); !sound) return core::pass_on(sound);
    auto signer = WebhookSigner::make(target.secrets);
    if (!signer) return core::pass_on(signer);

    RequestMaker maker{*std::move(signer), std::move(epoch)};
    maker.url_ = target.url;
    maker.format_ = target.format;
    maker.fixed_ = target.headers;
    if (!target.auth_token.empty()) maker.fixed_.emplace_back("Authorization", "Bearer " + target.auth_token);
    auto const limit =
        std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>{target.timeout_seconds});
    maker.timeouts_ = {
        .connect = limit, .handshake = limit, .send = limit, .answer = limit, .idle = limit, .total = limit
    };
    return maker;
}

core::Result<io::HttpRequest> RequestMaker::request(std::span<core::EventView const> events, core::Time now) const {
    io::HttpRequest request{
        .method = "POST", .url = url_, .headers = fixed_, .repeatable = true, .timeouts = timeouts_
    };
    auto& headers = request.headers;
    auto const batch = format_ == Format::Batch;
    std::string id;
    if (batch) {
        request.body = batch_of(events);
        headers.emplace_back("Content-Type", "application/cloudevents-batch+json");
        headers.emplace_back("macp-count", std::to_string(events.size()));
    } else {
        auto attributes = read_attributes(events.front(), format_ == Format::Binary);
        if (!attributes) return core::pass_on(attributes);
        id = attributes->id;
        write_event(request, events.front(), *std::move(attributes), format_);
    }
    if (auto const last = events.back().seq; last != 0) {
        headers.emplace_back("macp-seq", std::to_string(last));
        headers.emplace_back("macp-position", core::format_position(epoch_, last));
    }
    auto signed_as = signer_.sign(webhook_id(epoch_, events, std::move(id), batch), now, request.body);
    headers.emplace_back("webhook-id", std::move(signed_as.id));
    headers.emplace_back("webhook-timestamp", std::move(signed_as.timestamp));
    if (!signed_as.signature.empty()) headers.emplace_back("webhook-signature", std::move(signed_as.signature));
    return request;
}

std::string encode_header_value(std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (char const c : text) {
        if (c > ' ' && c <= '~' && c != '"' && c != '%') {
            out += c;
            continue;
        }
        auto const byte = static_cast<unsigned char>(c);
        out += '%';
        out += hex[byte >> 4U];
        out += hex[byte & 0x0fU];
    }
    return out;
}

}  // namespace macp::delivery
