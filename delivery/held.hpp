#pragma once

#include "core/event.hpp"

#include <memory>
#include <string>

namespace macp::delivery {

/// An event, and whoever keeps its bytes alive: a chunk of the log, or a copy of its own.
struct Held {
    std::shared_ptr<void const> owner{};
    core::EventView event{};

    [[nodiscard]] explicit operator bool() const noexcept { return owner != nullptr; }
};

/// A copy that keeps nothing else alive: a chunk may be a thousand times as large as one of its events.
[[nodiscard]] Held copy_of(core::EventView const& event);

/// An event of which only the text (and where `data` lies in it) was kept; the attributes are given.
[[nodiscard]] Held hold(
    core::Seq seq, std::string_view source, std::string_view type, std::string_view subject, std::string_view text,
    core::DataSpan data
);

}  // namespace macp::delivery
