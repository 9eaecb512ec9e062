#include "events/chunk.hpp"

#include <algorithm>

namespace macp::events {

void Chunk::append(core::Seq seq, core::NewEvent const& event) {
    auto const data = core::append_event(text_, seq, event);
    attributes_ += event.source;
    attributes_ += event.type;
    attributes_ += event.subject;
    entries_.push_back({
        .seq = seq,
        .text_end = text_.size(),
        .data_offset = data.offset,
        .data_size = data.size,
        .attributes_end = attributes_.size(),
        .source_size = static_cast<std::uint32_t>(event.source.size()),
        .type_size = static_cast<std::uint32_t>(event.type.size()),
    });
}

core::EventView Chunk::operator[](std::size_t index) const {
    auto const& entry = entries_[index];
    auto const text_begin = index == 0 ? 0 : entries_[index - 1].text_end;
    auto const attributes_begin = index == 0 ? 0 : entries_[index - 1].attributes_end;
    std::string_view const text{text_};
    auto attributes = std::string_view{attributes_}.substr(attributes_begin, entry.attributes_end - attributes_begin);
    auto const source = attributes.substr(0, entry.source_size);
    attributes.remove_prefix(entry.source_size);
    return {
        .seq = entry.seq,
        .source = source,
        .type = attributes.substr(0, entry.type_size),
        .subject = attributes.substr(entry.type_size),
        .data = text.substr(entry.data_offset, entry.data_size),
        .text = text.substr(text_begin, entry.text_end - text_begin),
    };
}

std::size_t Chunk::index_after(core::Seq after) const {
    auto const found =
        std::ranges::partition_point(entries_, [after](Entry const& entry) { return entry.seq <= after; });
    return static_cast<std::size_t>(found - entries_.begin());
}

}  // namespace macp::events
