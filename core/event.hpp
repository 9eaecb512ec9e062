#pragma once

#include "core/position.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

#include <string>
#include <string_view>

namespace macp::core {

/// An event on its way into the log: a CloudEvent that has no position yet.
struct NewEvent {
    std::string id{};          ///< Unique within `source`; a repeat of both is not appended again.
    std::string source{};      ///< URI reference, e.g. `/orchestrator/events`.
    std::string type{};        ///< Dotted name, e.g. `task.completed`.
    std::string subject{};     ///< What it is about (task, session); empty: absent.
    Time time{};               ///< When it happened (the producer's word), else when it was received.
    std::string data{};        ///< JSON text on one line; empty: absent.
    std::string extensions{};  ///< CloudEvents attributes beyond these, as JSON text `,"name":value…`; usually empty.
};

/// The most that `id`, `source`, `type` and `subject` of an event may have each.
inline constexpr std::size_t most_attribute_bytes = 1024;

/// Refuses an event that no log takes. Errors: InvalidField with the attribute's pointer.
[[nodiscard]] Result<void> check_event(NewEvent const& event);

/// An event of the log, as views into whoever holds it.
struct EventView {
    Seq seq = 0;
    std::string_view source{};
    std::string_view type{};
    std::string_view subject{};
    std::string_view data{};  ///< JSON text; empty: absent.
    std::string_view text{};  ///< The whole event as it goes out: structured CloudEvents JSON on one line.
};

/// Where `data` came to lie within the text that was appended.
struct DataSpan {
    std::size_t offset = 0;
    std::size_t size = 0;
};

/// Appends the event as it goes out: a prefix, the bytes of `data` as they are, a suffix.
/// Returns where those bytes lie in `out`.
DataSpan append_event(std::string& out, Seq seq, NewEvent const& event);

/// Bytes that `append_event` will need at the most, roughly; for reserving.
[[nodiscard]] std::size_t event_size_hint(NewEvent const& event);

}  // namespace macp::core
