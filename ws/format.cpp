#include "ws/format.hpp"

#include "core/id.hpp"
#include "core/json.hpp"
#include "core/version.hpp"
#include "ws/frame.hpp"

#include <array>
#include <utility>

namespace macp::ws {
namespace {

constexpr std::array<std::pair<Format, std::string_view>, 3> protocols{{
    {Format::Macp, "macp.v1"},
    {Format::Ndjson, "macp.v1.ndjson"},
    {Format::CloudEvents, "cloudevents.json"},
}};

constexpr std::string_view event_prefix = R"({"op":"event","event":)";

std::string id_member(std::string_view id) {
    return id.empty() ? std::string{} : R"("id":)" + std::string{id};
}

void append_member(std::string& members, std::string_view name, std::string_view json) {
    if (!members.empty()) members += ',';
    members += '"';
    members += name;
    members += "\":";
    members += json;
}

}  // namespace

std::string_view protocol_name(Format format) {
    for (auto const& [known, name] : protocols) {
        if (known == format) return name;
    }
    return {};
}

std::optional<Format> find_protocol(std::string_view name) {
    for (auto const& [format, known] : protocols) {
        if (known == name) return format;
    }
    return std::nullopt;
}

void append_event(std::string& out, Format format, core::EventView const& event, std::string_view epoch) {
    switch (format) {
        case Format::Macp:
            append_frame_header(out, Opcode::Text, event_prefix.size() + event.text.size() + 1);
            out += event_prefix;
            out += event.text;
            out += '}';
            return;
        case Format::Ndjson:
            out += event_prefix;
            out += event.text;
            out += "}\n";
            return;
        case Format::CloudEvents:
            append_frame(out, Opcode::Text, event.text);
            return;
        case Format::Sse:
            out += "id: ";
            out += epoch;
            out += ':';
            out += std::to_string(event.seq);
            out += "\ndata: ";
            out += event.text;
            out += "\n\n";
            return;
    }
}

std::size_t event_bytes(Format format, core::EventView const& event, std::string_view epoch) {
    constexpr std::size_t frame_header = 10;
    constexpr std::size_t sse_words = 32;  // "id: ", ":", twenty digits, "\ndata: ", "\n\n" with a little to spare
    auto const wrapping = format == Format::Sse ? sse_words + epoch.size() : frame_header + event_prefix.size() + 2;
    return event.text.size() + wrapping;
}

std::string Messages::message(std::string_view name, std::string_view members) const {
    std::string text;
    switch (format) {
        case Format::Macp:
        case Format::Ndjson:
            text = R"({"op":")" + std::string{name} + '"';
            if (!members.empty()) text += ',';
            text += members;
            text += format == Format::Ndjson ? "}\n" : "}";
            break;
        case Format::CloudEvents: {
            auto const now = core::SystemClock{}.now();
            text = R"({"specversion":"1.0","id":")" + core::make_uuid7(now) + R"(","source":"/gateway","type":"macp.)" +
                   std::string{name} + R"(","time":")" + core::format_time(now) +
                   R"(","datacontenttype":"application/json","data":{)" + std::string{members} + "}}";
            break;
        }
        case Format::Sse:
            return "event: " + std::string{name} + "\ndata: {" + std::string{members} + "}\n\n";
    }
    std::string frame;
    append_frame(frame, Opcode::Text, text);
    return frame;
}

std::string Messages::hello(core::Seq seq, unsigned heartbeat_seconds) const {
    std::string members = R"("epoch":")" + std::string{epoch} + R"(","seq":)" + std::to_string(seq);
    append_member(members, "version", core::json_string(core::version));
    append_member(members, "heartbeat_seconds", std::to_string(heartbeat_seconds));
    return message("hello", members);
}

std::string Messages::ack(std::string_view id) const {
    return message("ack", id_member(id));
}

std::string Messages::error(std::string_view id, std::string_view text, std::string_view field) const {
    auto members = id_member(id);
    append_member(members, "error", core::json_string(text));
    if (!field.empty()) append_member(members, "field", core::json_string(field));
    return message("error", members);
}

std::string Messages::gap(core::Gap const& gap) const {
    std::string members;
    core::append_gap_members(members, gap);
    return message("gap", members);
}

std::string Messages::pong(std::string_view id) const {
    return message("pong", id_member(id));
}

std::string Messages::telemetry(std::string_view data) const {
    return message("telemetry", R"("data":)" + std::string{data});
}

std::string Messages::position(core::Seq seq) const {
    return "id: " + core::format_position(epoch, seq) + "\n\n";
}

std::string Messages::heartbeat() const {
    if (format == Format::Sse) return ": ping\n\n";
    std::string frame;
    append_frame(frame, Opcode::Ping, {});
    return frame;
}

}  // namespace macp::ws
