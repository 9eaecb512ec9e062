#pragma once

#include "core/event.hpp"
#include "core/position.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace macp::ws {

/// The shapes in which a connection can carry events.
enum class Format : std::uint8_t {
    Macp,         ///< `macp.v1`: one message a frame.
    Ndjson,       ///< `macp.v1.ndjson`: a frame holds messages, one a line.
    CloudEvents,  ///< `cloudevents.json`: every frame is a CloudEvent.
    Sse,          ///< Server-sent events.
};
inline constexpr std::size_t format_count = 4;

/// The WebSocket sub-protocol's name; empty for SSE.
[[nodiscard]] std::string_view protocol_name(Format format);
[[nodiscard]] std::optional<Format> find_protocol(std::string_view name);

/// True when several events travel in one frame, whose header is made when it is sent.
[[nodiscard]] constexpr bool is_framed_late(Format format) {
    return format == Format::Ndjson;
}

/// Appends one event as this format sends it (for Ndjson: its line, without a frame).
void append_event(std::string& out, Format format, core::EventView const& event, std::string_view epoch);
/// Bytes that `append_event` will append at the most.
[[nodiscard]] std::size_t event_bytes(Format format, core::EventView const& event, std::string_view epoch);

/// What the gateway itself says on a connection, ready to be sent.
struct Messages {
    Format format = Format::Macp;
    std::string_view epoch{};

    [[nodiscard]] std::string hello(core::Seq seq, unsigned heartbeat_seconds) const;
    /// `id`: JSON text, or empty.
    [[nodiscard]] std::string ack(std::string_view id) const;
    [[nodiscard]] std::string error(std::string_view id, std::string_view text, std::string_view field) const;
    [[nodiscard]] std::string gap(core::Gap const& gap) const;
    [[nodiscard]] std::string pong(std::string_view id) const;
    [[nodiscard]] std::string telemetry(std::string_view data) const;
    /// SSE only: where the reader is, for its `Last-Event-ID`; no event.
    [[nodiscard]] std::string position(core::Seq seq) const;
    /// Keeps the connection open: a ping frame, or a comment.
    [[nodiscard]] std::string heartbeat() const;

private:
    [[nodiscard]] std::string message(std::string_view name, std::string_view members) const;
};

}  // namespace macp::ws
