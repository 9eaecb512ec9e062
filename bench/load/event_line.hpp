#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace macp::bench {

/// Writes the events that the load client publishes: JSON objects of one fixed size with a number `n` and the time of
/// sending `t` (CLOCK_MONOTONIC, ns). Both are offset so that they always have the same count of digits.
class EventLine {
public:
    /// `bytes`: size of a line without its newline. Throws std::invalid_argument when too small for the members.
    explicit EventLine(std::size_t bytes);

    /// Appends a line and its newline.
    void append(std::string& out, std::uint64_t n, std::int64_t sent_ns);

private:
    std::string line_;
};

/// What a received message says about the event in it.
struct EventMark {
    std::uint64_t n = 0;
    std::size_t at = 0;  ///< Where `"n":` stands; the hint for the next message of the same kind.
};

/// Finds `n` in a message, looking at `hint` first; nothing when the message carries no event of ours.
[[nodiscard]] std::optional<EventMark> find_mark(std::string_view message, std::size_t hint);

/// The time of sending that belongs to a mark; -1 when the message lacks it.
[[nodiscard]] std::int64_t sent_at(std::string_view message, EventMark const& mark);

}  // namespace macp::bench
