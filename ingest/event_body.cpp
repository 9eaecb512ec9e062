#include "ingest/event_body.hpp"

#include "core/ascii.hpp"
#include "core/json.hpp"
#include "ingest/canonical_type.hpp"
#include "ingest/contract_fields.hpp"
#include "ingest/json_members.hpp"
#include "ingest/object_text.hpp"

#include <algorithm>

namespace macp::ingest {
namespace {

namespace dom = simdjson::dom;

core::Result<void> invalid(std::string_view name, std::string_view problem) {
    std::string message{name};
    return core::fail(core::ErrorCode::InvalidField, message.append(" ").append(problem), "/" + std::string{name});
}

/// A CloudEvent in the making: what its members said, before they are held against each other.
struct CloudEvent {
    core::NewEvent event;
    std::string content_type;
    std::string_view data;
    std::string_view data_base64;
    bool has_specversion = false;
};

bool is_attribute_name(std::string_view name) {
    return !name.empty() &&
           std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

core::Result<void> take_text(std::string& into, std::string_view name, dom::element value) {
    auto const text = text_of(&value);
    if (!text) return invalid(name, "must be text that is not blank");
    into = *text;
    return {};
}

core::Result<void> take_time(core::NewEvent& event, dom::element value) {
    auto const text = text_of(&value);
    auto const time = text ? core::parse_time(*text) : std::nullopt;
    if (!time) return invalid("time", "must be a time such as 2026-03-31T09:00:00Z");
    event.time = *time;
    return {};
}

core::Result<void> take_extension(CloudEvent& cloud, std::string_view name, dom::element value, std::string_view raw) {
    if (!is_attribute_name(name)) {
        return invalid(name, "is no attribute name: those are made of the letters a to z and digits");
    }
    if (!value.is_string() && !value.is_bool() && !value.is_int64()) {
        return invalid(name, "must be text, a boolean or a whole number");
    }
    cloud.event.extensions.append(",\"").append(name).append("\":").append(raw);
    return {};
}

core::Result<void> take_member(CloudEvent& cloud, std::string_view name, dom::element value, std::string_view raw) {
    auto& event = cloud.event;
    if (value.is_null() && name != "id" && name != "source" && name != "type" && name != "specversion") return {};
    if (name == "specversion") {
        cloud.has_specversion = true;
        bool const known = text_of(&value) == std::optional<std::string_view>{"1.0"};
        return known ? core::Result<void>{} : invalid(name, "must be \"1.0\"");
    }
    for (auto const& [known, into] :
         {std::pair{"id", &event.id},
          {"source", &event.source},
          {"type", &event.type},
          {"subject", &event.subject},
          {"datacontenttype", &cloud.content_type}}) {
        if (name == known) return take_text(*into, name, value);
    }
    if (name == "time") return take_time(event, value);
    if (name == "seq") return {};  // another log's position; this one gives its own
    if (name == "data") {
        cloud.data = raw;
        return {};
    }
    if (name == "data_base64") {
        if (!value.is_string()) return invalid(name, "must be text");
        cloud.data_base64 = raw;
        return {};
    }
    return take_extension(cloud, name, value, raw);
}

core::Result<core::NewEvent> finish(CloudEvent cloud) {
    auto& event = cloud.event;
    for (auto const& [name, value] : {std::pair{"id", &event.id}, {"source", &event.source}, {"type", &event.type}}) {
        if (!value->empty()) continue;
        return core::fail(
            core::ErrorCode::InvalidField, std::string{"a CloudEvent needs "} + name, std::string{"/"} + name
        );
    }
    if (!cloud.data.empty() && !cloud.data_base64.empty()) {
        return core::pass_on(invalid("data_base64", "and data cannot both be given"));
    }
    event.data = cloud.data;
    if (!cloud.data_base64.empty()) {
        if (!cloud.content_type.empty()) {
            event.extensions.append(R"(,"datacontenttype":)").append(core::json_string(cloud.content_type));
        }
        event.extensions.append(R"(,"data_base64":)").append(cloud.data_base64);
    }
    return std::move(event);
}

core::Result<core::NewEvent> cloud_event(dom::object object, std::string_view text, EventDefaults const& defaults) {
    CloudEvent cloud;
    cloud.event.time = defaults.received;
    auto const raw = raw_values(text);
    std::size_t index = 0;
    for (auto const& [name, value] : object) {
        auto const taken = take_member(cloud, name, value, raw[index++]);
        if (!taken) return core::pass_on(taken);
    }
    return finish(std::move(cloud));
}

/// The raw value of the first member called `name` that is not null; empty when there is none.
std::string_view raw_member(dom::object object, std::vector<std::string_view> const& raw, std::string_view name) {
    std::size_t index = 0;
    for (auto const& [key, value] : object) {
        if (key == name) return value.is_null() ? std::string_view{} : raw[index];
        ++index;
    }
    return {};
}

/// What stands beside a payload and says how to show the event; a payload's own word goes before it.
void append_hints(core::NewEvent& event, dom::object top, dom::element const& payload) {
    for (auto const* const name : {"channel", "mention", "format", "template"}) {
        dom::element hint;
        dom::element given;
        if (top.at_key(name).get(hint) != simdjson::SUCCESS) continue;
        if (payload.at_key(name).get(given) == simdjson::SUCCESS) continue;
        if (auto const text = text_of(&hint)) append_member(event.data, name, core::json_string(*text));
    }
}

bool names_task(Members const& members) {
    return name_of(members.find(Name::TaskId)).has_value();
}

core::Result<core::NewEvent> plain_event(
    JsonParser& parser, dom::object object, Members const& top, std::string text, EventDefaults const& defaults
) {
    auto const* payload = top.find(Name::Payload);
    std::string_view payload_name = "payload";
    if (payload == nullptr || payload->is_null()) {
        payload = top.find(Name::Data);
        payload_name = "data";
    }
    core::NewEvent event;
    auto const filled = fill_attributes(event, top, members_of(payload), defaults);
    if (!filled) return core::pass_on(filled);

    auto const raw = raw_member(object, raw_values(text), payload_name);
    Arrival arrival;
    std::string const pointer = "/" + std::string{payload_name};
    if (raw.empty()) {
        event.data = std::move(text);
    } else {
        event.data = raw.starts_with('{') ? std::string{raw} : R"({"value":)" + std::string{raw} + "}";
        append_hints(event, object, *payload);
        arrival.pointer = pointer;
        arrival.has_subject = names_task(top) || names_task(members_of(top.find(Name::Metadata)));
    }
    if (!may_be_contract_type(event.type)) return event;
    auto const applied = apply_contract(parser, event, arrival);
    if (!applied) return core::pass_on(applied);
    return event;
}

enum class Accepts { AnyEvent, CloudEvents };

core::Result<core::NewEvent> event_of(
    JsonParser& parser, std::string_view json_text, EventDefaults const& defaults, Accepts accepts
) {
    auto const root = parser.parse(json_text, false);
    if (!root) return core::pass_on(root);
    dom::object object;
    if (root->get_object().get(object) != simdjson::SUCCESS) {
        return core::fail(core::ErrorCode::InvalidField, "an event is a JSON object");
    }
    Members const top{object};
    auto text = minified(json_text);
    if (top.find(Name::SpecVersion) != nullptr) return cloud_event(object, text, defaults);
    if (accepts == Accepts::CloudEvents) return core::pass_on(invalid("specversion", "must be \"1.0\""));
    return plain_event(parser, object, top, std::move(text), defaults);
}

tl::unexpected<core::Error> at_element(core::Error error, std::size_t index) {
    error.field = "/" + std::to_string(index) + error.field;
    return tl::unexpected<core::Error>{std::move(error)};
}

tl::unexpected<core::Error> too_many(std::size_t most) {
    return core::fail(core::ErrorCode::TooLarge, "more than " + std::to_string(most) + " events at once");
}

core::Result<NewEvents> events_of_array(
    std::string_view json_text, EventDefaults const& defaults, std::size_t most, Accepts accepts
) {
    auto& parser = thread_parser();
    auto const root = parser.parse(json_text, false);
    if (!root) return core::pass_on(root);
    auto const text = minified(json_text);
    if (!text.starts_with('[')) return core::fail(core::ErrorCode::InvalidField, "a batch is a JSON array");
    auto const elements = raw_values(text);
    if (elements.size() > most) return too_many(most);
    NewEvents events;
    for (std::size_t i = 0; i < elements.size(); ++i) {
        auto event = event_of(parser, elements[i], defaults, accepts);
        if (!event) return at_element(std::move(event).error(), i);
        events.push_back(*std::move(event));
    }
    return events;
}

core::Result<NewEvents> one_event(std::string_view json_text, EventDefaults const& defaults, Accepts accepts) {
    auto& parser = thread_parser();
    auto event = event_of(parser, json_text, defaults, accepts);
    if (!event) return core::pass_on(event);
    NewEvents events;
    events.push_back(*std::move(event));
    return events;
}

}  // namespace

core::Result<core::NewEvent> event_from_json(std::string_view json_text, EventDefaults const& defaults) {
    auto& parser = thread_parser();
    return event_of(parser, json_text, defaults, Accepts::AnyEvent);
}

core::Result<NewEvents> events_from_json(std::string_view json_text, EventDefaults const& defaults, std::size_t most) {
    bool const is_array = core::trim(json_text).starts_with('[');
    return is_array ? events_of_array(json_text, defaults, most, Accepts::AnyEvent)
                    : one_event(json_text, defaults, Accepts::AnyEvent);
}

core::Result<NewEvents> cloud_events_from_json(
    std::string_view json_text, CloudEventsMode mode, EventDefaults const& defaults, std::size_t most
) {
    return mode == CloudEventsMode::Batch ? events_of_array(json_text, defaults, most, Accepts::CloudEvents)
                                          : one_event(json_text, defaults, Accepts::CloudEvents);
}

core::Result<NewEvents> events_from_ndjson(std::string_view text, EventDefaults const& defaults, std::size_t most) {
    auto& parser = thread_parser();
    NewEvents events;
    for (std::size_t number = 0; !text.empty(); ++number) {
        auto const end = std::min(text.find('\n'), text.size());
        auto const line = core::trim(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) continue;
        if (events.size() == most) return too_many(most);
        auto event = event_of(parser, line, defaults, Accepts::AnyEvent);
        if (!event) return at_element(std::move(event).error(), number);
        events.push_back(*std::move(event));
    }
    return events;
}

core::Result<NewEvents> events_from_body(
    std::string_view content_type, std::string_view text, EventDefaults const& defaults
) {
    auto const type = core::lower_case(core::trim(content_type.substr(0, content_type.find(';'))));
    if (type == "application/x-ndjson") return events_from_ndjson(text, defaults);
    if (type == "application/cloudevents+json") {
        return cloud_events_from_json(text, CloudEventsMode::Structured, defaults);
    }
    if (type == "application/cloudevents-batch+json") {
        return cloud_events_from_json(text, CloudEventsMode::Batch, defaults);
    }
    return events_from_json(text, defaults);
}

}  // namespace macp::ingest
