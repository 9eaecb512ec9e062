#pragma once

#include "client/client.hpp"
#include "client/event.hpp"
#include "core/position.hpp"
#include "core/result.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace macp::client {

// What the gateway says on a WebSocket, one type a message.
struct Hello {
    std::string epoch{};
    core::Seq seq = 0;
    std::string version{};
    unsigned heartbeat_seconds = 25;
};
struct Ack {};
struct Refusal {
    std::string id{};
    std::string error{};
};
struct Telemetry {
    std::string data{};
};
struct OtherMessage {
    std::string text{};
};
using Message = std::variant<Hello, Event, core::Gap, Ack, Refusal, Telemetry, OtherMessage>;

/// Reads a frame: messages, one a line. Errors: BadJson, InvalidField; nothing of such a frame counts.
[[nodiscard]] core::Result<std::vector<Message>> parse_messages(std::string frame);

/// Reads a page of events. Errors: as above.
[[nodiscard]] core::Result<EventPage> parse_page(std::string body);

/// Reads a line of an ndjson answer: an event, or `{"gap":{…}}`.
[[nodiscard]] core::Result<std::variant<Event, core::Gap>> parse_event_line(std::string_view line);

}  // namespace macp::client
