#pragma once

#include "core/event.hpp"

#include <string>
#include <string_view>

namespace macp::delivery {

/// One readable line for an event, without a line break: `✅ Task TASK-001 completed — Implement user auth (attempt
/// 1/1, 45s)`. Parts that the event has not are left out with their punctuation. Whatever the payload holds, the line
/// has no control characters and no escape sequences. Threads: safe from anywhere.
[[nodiscard]] std::string render_line(std::string_view type, std::string_view data);
[[nodiscard]] inline std::string render_line(core::EventView const& event) {
    return render_line(event.type, event.data);
}

/// `45s`, `3m 05s`, `1h 02m`.
[[nodiscard]] std::string render_duration(double seconds);

}  // namespace macp::delivery
