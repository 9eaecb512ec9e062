#pragma once

#include "core/event.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace macp::events {

/// A run of events, serialised once for all readers. Immutable once it is shared.
/// A chunk of the tail holds consecutive positions; a page read with a filter may skip some.
class Chunk {
public:
    /// Serialises one more event; `seq` is above the last one. Only while nobody else holds the chunk.
    void append(core::Seq seq, core::NewEvent const& event);

    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] core::Seq first() const noexcept { return entries_.front().seq; }  ///< Not when empty.
    [[nodiscard]] core::Seq last() const noexcept { return entries_.back().seq; }    ///< Not when empty.
    [[nodiscard]] std::size_t bytes() const noexcept { return text_.size() + attributes_.size(); }

    /// The event at `index`, below `size()`. The views live as long as the chunk.
    [[nodiscard]] core::EventView operator[](std::size_t index) const;

    /// The index of the first event after `after`; `size()` when there is none.
    [[nodiscard]] std::size_t index_after(core::Seq after) const;

private:
    struct Entry {
        core::Seq seq;
        std::size_t text_end;
        std::size_t data_offset;
        std::size_t data_size;
        std::size_t attributes_end;
        std::uint32_t source_size;
        std::uint32_t type_size;
    };

    std::string text_;        ///< The events as they go out, one after the other.
    std::string attributes_;  ///< source, type, subject of each, unescaped, for filters.
    std::vector<Entry> entries_;
};

using ChunkPtr = std::shared_ptr<Chunk const>;

}  // namespace macp::events
