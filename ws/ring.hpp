#pragma once

#include "core/event.hpp"
#include "ws/format.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace macp::ws {

/// A run of events that lie one after the other in memory, ready to be sent.
struct Run {
    char const* data = nullptr;
    std::size_t size = 0;
    core::Seq first = 0;
    core::Seq last = 0;
};

/// The newest events of the log as one format sends them: encoded once, for every connection of a shard.
///
/// Bytes stay where they are until their block is dropped, which happens in `append` only: pointers are good for as
/// long as the loop's current turn does not append. Threads: its shard only.
class Ring {
public:
    /// `after`: the position that the first event appended will follow.
    Ring(Format format, std::string epoch, core::Seq after, std::size_t max_bytes);

    void append(core::EventView const& event);
    /// Forgets everything; the next event appended follows `after`.
    void reset(core::Seq after);

    [[nodiscard]] core::Seq first() const noexcept { return first_; }  ///< Oldest held; `last() + 1` when empty.
    [[nodiscard]] core::Seq last() const noexcept { return last_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

    /// The events after `after`, as long as they are contiguous and up to `max_bytes` (one event at the least), none
    /// after `until`. Empty when there are none. `after + 1` must not be below `first()`.
    [[nodiscard]] Run run_after(core::Seq after, core::Seq until, std::size_t max_bytes) const;

    /// Which event the byte at `data` belongs to, and how many of the event's bytes come from there on.
    struct Cut {
        core::Seq seq = 0;
        std::size_t remaining = 0;
    };
    [[nodiscard]] Cut cut_at(Run const& run, std::size_t sent) const;

private:
    static constexpr std::size_t block_bytes = std::size_t{256} << 10;
    struct Block {
        core::Seq first = 0;
        std::string bytes{};                ///< Never grows past the capacity it was given.
        std::vector<std::uint32_t> ends{};  ///< Where each event ends.
    };

    [[nodiscard]] Block const& block_of(core::Seq seq) const;
    void drop_oldest();

    Format format_;
    std::string epoch_;
    std::size_t max_bytes_;
    core::Seq first_;
    core::Seq last_;
    std::size_t bytes_ = 0;
    std::deque<Block> blocks_;
};

}  // namespace macp::ws
