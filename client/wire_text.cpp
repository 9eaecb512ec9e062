#include "client/wire_text.hpp"

#include "core/json.hpp"

#include <optional>
#include <simdjson.h>
#include <utility>

namespace macp::client {
namespace {

namespace ondemand = simdjson::ondemand;
using core::ErrorCode;

ondemand::parser& parser() {
    thread_local ondemand::parser shared;
    return shared;
}

tl::unexpected<core::Error> bad_json(simdjson::error_code error) {
    return core::fail(
        ErrorCode::BadJson, std::string{"the gateway sent JSON that cannot be read: "} + simdjson::error_message(error)
    );
}

/// The text of a string; of anything else nothing.
std::string text_of(ondemand::value value) {
    std::string_view text;
    return value.get_string().get(text) == simdjson::SUCCESS ? std::string{text} : std::string{};
}

std::uint64_t number_of(ondemand::value value) {
    std::uint64_t number = 0;
    return value.get_uint64().get(number) == simdjson::SUCCESS ? number : 0;
}

template <class Container>
simdjson::simdjson_result<std::string_view> raw_container(ondemand::value value) {
    Container container;
    if (auto const error = value.get(container); error != simdjson::SUCCESS) return error;
    return container.raw_json();
}

/// The value as it stands in the text.
simdjson::simdjson_result<std::string_view> raw_text(ondemand::value value) {
    ondemand::json_type type{};
    if (auto const error = value.type().get(type); error != simdjson::SUCCESS) return error;
    simdjson::simdjson_result<std::string_view> raw{std::string_view{}};
    if (type == ondemand::json_type::object) {
        raw = raw_container<ondemand::object>(value);
    } else if (type == ondemand::json_type::array) {
        raw = raw_container<ondemand::array>(value);
    } else {
        raw = std::string_view{value.raw_json_token()};
    }
    std::string_view text;
    if (auto const error = std::move(raw).get(text); error != simdjson::SUCCESS) return error;
    return core::trim(text);  // it reaches up to the next token
}

/// Calls `take(name, value)` for each member. Returns what stopped it.
template <class Take>
simdjson::error_code for_each_member(ondemand::object object, Take take) {
    for (auto member : object) {
        std::string_view name;
        ondemand::value value;
        if (auto const error = member.unescaped_key().get(name); error != simdjson::SUCCESS) return error;
        if (auto const error = member.value().get(value); error != simdjson::SUCCESS) return error;
        take(name, value);
    }
    return simdjson::SUCCESS;
}

simdjson::error_code read_event(ondemand::object object, Event& event) {
    std::string_view whole;
    if (auto const error = object.raw_json().get(whole); error != simdjson::SUCCESS) return error;
    if (auto const error = object.reset().error(); error != simdjson::SUCCESS) return error;
    event.text = core::trim(whole);
    auto inner = simdjson::SUCCESS;
    auto const outer = for_each_member(object, [&](std::string_view name, ondemand::value value) {
        if (name == "seq") {
            event.seq = number_of(value);
        } else if (name == "id") {
            event.id = text_of(value);
        } else if (name == "source") {
            event.source = text_of(value);
        } else if (name == "type") {
            event.type = text_of(value);
        } else if (name == "subject") {
            event.subject = text_of(value);
        } else if (name == "time") {
            event.time = core::parse_time(text_of(value)).value_or(core::Time{});
        } else if (name == "data") {
            std::string_view data;
            inner = raw_text(value).get(data);
            if (inner != simdjson::SUCCESS) return;
            event.data_offset = static_cast<std::size_t>(data.data() - whole.data());
            event.data_size = data.size();
        }
    });
    return outer != simdjson::SUCCESS ? outer : inner;
}

core::Result<Event> to_event(ondemand::object object) {
    Event event;
    if (auto const error = read_event(object, event); error != simdjson::SUCCESS) return bad_json(error);
    if (event.type.empty() || event.seq == 0) {
        return core::fail(ErrorCode::InvalidField, "the gateway sent an event without `type` or `seq`");
    }
    return event;
}

simdjson::error_code read_gap(ondemand::object object, core::Gap& gap) {
    return for_each_member(object, [&gap](std::string_view name, ondemand::value value) {
        if (name == "from") gap.from = number_of(value);
        if (name == "to") gap.to = number_of(value);
        if (name == "why") gap.why = text_of(value);
    });
}

simdjson::error_code read_hello(ondemand::object object, Hello& hello) {
    return for_each_member(object, [&hello](std::string_view name, ondemand::value value) {
        if (name == "epoch") hello.epoch = text_of(value);
        if (name == "seq") hello.seq = number_of(value);
        if (name == "version") hello.version = text_of(value);
        if (name == "heartbeat_seconds") hello.heartbeat_seconds = static_cast<unsigned>(number_of(value));
    });
}

simdjson::error_code read_refusal(ondemand::object object, Refusal& refusal) {
    return for_each_member(object, [&refusal](std::string_view name, ondemand::value value) {
        if (name == "id") refusal.id = text_of(value);
        if (name == "error") refusal.error = text_of(value);
    });
}

template <class Read, class Into>
core::Result<Message> read_into(ondemand::object object, Read read, Into into) {
    if (auto const error = read(object, into); error != simdjson::SUCCESS) return bad_json(error);
    return Message{std::move(into)};
}

core::Result<Message> to_message(ondemand::object object, std::string_view line) {
    std::string_view op;
    if (object["op"].get_string().get(op) != simdjson::SUCCESS) {
        return core::fail(ErrorCode::InvalidField, "the gateway sent a message without `op`");
    }
    if (op == "event") {
        ondemand::object inner;
        if (auto const error = object["event"].get_object().get(inner); error != simdjson::SUCCESS)
            return bad_json(error);
        return to_event(inner).map([](Event&& event) { return Message{std::move(event)}; });
    }
    if (op == "telemetry") {
        ondemand::value data;
        std::string_view raw;
        auto error = object["data"].get(data);
        if (error == simdjson::SUCCESS) error = raw_text(data).get(raw);
        if (error != simdjson::SUCCESS) return bad_json(error);
        return Message{Telemetry{std::string{raw}}};
    }
    auto const kind = std::string{op};  // reading on may reuse its bytes
    if (auto const error = object.reset().error(); error != simdjson::SUCCESS) return bad_json(error);
    if (kind == "hello") return read_into(object, read_hello, Hello{});
    if (kind == "gap") return read_into(object, read_gap, core::Gap{});
    if (kind == "error") return read_into(object, read_refusal, Refusal{});
    if (kind == "ack") return Message{Ack{}};
    return Message{OtherMessage{std::string{line}}};
}

/// Parses the document at `text`, which must be followed by padding, and gives its object to `use`.
template <class Use>
auto with_object(std::string_view text, std::size_t readable, Use use)
    -> decltype(use(std::declval<ondemand::object>())) {
    ondemand::document document;
    ondemand::object object;
    auto error = parser().iterate(text.data(), text.size(), readable).get(document);
    if (error == simdjson::SUCCESS) error = document.get_object().get(object);
    if (error != simdjson::SUCCESS) return bad_json(error);
    return use(object);
}

simdjson::error_code read_items(ondemand::value value, std::vector<Event>& items, std::optional<core::Error>& refused) {
    ondemand::array array;
    if (auto const error = value.get_array().get(array); error != simdjson::SUCCESS) return error;
    for (auto element : array) {
        ondemand::object object;
        if (auto const error = element.get_object().get(object); error != simdjson::SUCCESS) return error;
        auto event = to_event(object);
        if (!event) {
            refused = event.error();
            return simdjson::SUCCESS;
        }
        items.push_back(*std::move(event));
    }
    return simdjson::SUCCESS;
}

}  // namespace

core::Result<std::vector<Message>> parse_messages(std::string frame) {
    auto const size = frame.size();
    frame.append(simdjson::SIMDJSON_PADDING, ' ');
    std::vector<Message> messages;
    for (std::size_t at = 0; at < size;) {
        auto const end = std::min(frame.find('\n', at), size);
        auto const line = std::string_view{frame}.substr(at, end - at);
        auto const readable = frame.size() - at;
        at = end + 1;
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        auto message =
            with_object(line, readable, [line](ondemand::object object) { return to_message(object, line); });
        if (!message) return core::pass_on(message);
        messages.push_back(*std::move(message));
    }
    return messages;
}

core::Result<EventPage> parse_page(std::string body) {
    auto const size = body.size();
    body.append(simdjson::SIMDJSON_PADDING, ' ');
    auto const read = [](ondemand::object object) -> core::Result<EventPage> {
        EventPage page;
        std::optional<core::Error> refused;
        auto inner = simdjson::SUCCESS;
        auto const outer = for_each_member(object, [&](std::string_view name, ondemand::value value) {
            ondemand::object gap;
            if (name == "items") {
                inner = read_items(value, page.items, refused);
            } else if (name == "next_cursor") {
                page.next_cursor = text_of(value);
            } else if (name == "position") {
                page.position = text_of(value);
            } else if (name == "gap" && value.get_object().get(gap) == simdjson::SUCCESS) {
                inner = read_gap(gap, page.gap.emplace());
            }
        });
        if (refused) return tl::unexpected{*refused};
        if (inner != simdjson::SUCCESS) return bad_json(inner);
        if (outer != simdjson::SUCCESS) return bad_json(outer);
        return page;
    };
    return with_object(std::string_view{body}.substr(0, size), body.size(), read);
}

core::Result<std::variant<Event, core::Gap>> parse_event_line(std::string_view line) {
    using Line = std::variant<Event, core::Gap>;
    auto const padded = simdjson::padded_string{line};
    auto const readable = padded.size() + simdjson::SIMDJSON_PADDING;
    return with_object(std::string_view{padded}, readable, [](ondemand::object object) -> core::Result<Line> {
        ondemand::object inner;
        if (object["gap"].get_object().get(inner) == simdjson::SUCCESS) {
            core::Gap gap;
            if (auto const error = read_gap(inner, gap); error != simdjson::SUCCESS) return bad_json(error);
            return Line{std::move(gap)};
        }
        if (auto const error = object.reset().error(); error != simdjson::SUCCESS) return bad_json(error);
        return to_event(object).map([](Event&& event) { return Line{std::move(event)}; });
    });
}

core::Result<Event> parse_event(std::string_view json) {
    auto const padded = simdjson::padded_string{json};
    return with_object(std::string_view{padded}, padded.size() + simdjson::SIMDJSON_PADDING, to_event);
}

}  // namespace macp::client
