#pragma once

#include "events/chunk.hpp"
#include "ws/view.hpp"

#include <string>
#include <vector>

namespace macp::testing {

/// A ring with a view on it, fed like a hub feeds them.
class RingFixture {
public:
    RingFixture(ws::Format format, core::Filter filter, std::size_t max_bytes = std::size_t{4} << 20)
        : ring{format, "epoch", 0, max_bytes}, view{ring, std::move(filter)} {
        index.add(view);
    }

    void add(std::string type, std::string data = "{}") {
        auto chunk = std::make_shared<events::Chunk>();
        chunk->append(ring.last() + 1, {.id = "i", .source = "/s", .type = std::move(type), .data = std::move(data)});
        ring.append((*chunk)[0]);
        if (!view.filter().passes_all()) index.deliver((*chunk)[0]);
        chunks.push_back(std::move(chunk));
    }

    /// What a client that has seen `after` is to get: every passing event in the ring's format.
    [[nodiscard]] std::string expected(core::Seq after) const {
        std::string out;
        for (auto const& chunk : chunks) {
            auto const event = (*chunk)[0];
            if (event.seq > after && view.filter().matches(event)) ws::append_event(out, format_of(), event, "epoch");
        }
        return out;
    }

    [[nodiscard]] ws::Format format_of() const { return format; }

    ws::Ring ring;
    ws::View view;
    ws::ViewIndex index;
    ws::Format format = ws::Format::Macp;
    std::vector<events::ChunkPtr> chunks;
};

}  // namespace macp::testing
