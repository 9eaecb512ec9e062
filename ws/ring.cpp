#include "ws/ring.hpp"

#include <algorithm>
#include <utility>

namespace macp::ws {

Ring::Ring(Format format, std::string epoch, core::Seq after, std::size_t max_bytes)
    : format_{format}, epoch_{std::move(epoch)}, max_bytes_{max_bytes}, first_{after + 1}, last_{after} {}

void Ring::append(core::EventView const& event) {
    auto const needed = event_bytes(format_, event, epoch_);
    if (blocks_.empty() || blocks_.back().bytes.size() + needed > blocks_.back().bytes.capacity()) {
        Block block{.first = event.seq};
        block.bytes.reserve(std::max(needed, block_bytes));
        bytes_ += block.bytes.capacity();
        blocks_.push_back(std::move(block));
        while (bytes_ > max_bytes_ && blocks_.size() > 1) drop_oldest();
    }
    auto& block = blocks_.back();
    append_event(block.bytes, format_, event, epoch_);
    block.ends.push_back(static_cast<std::uint32_t>(block.bytes.size()));
    last_ = event.seq;
}

void Ring::reset(core::Seq after) {
    blocks_.clear();
    bytes_ = 0;
    first_ = after + 1;
    last_ = after;
}

void Ring::drop_oldest() {
    bytes_ -= blocks_.front().bytes.capacity();
    blocks_.pop_front();
    first_ = blocks_.front().first;
}

Ring::Block const& Ring::block_of(core::Seq seq) const {
    if (seq >= blocks_.back().first) return blocks_.back();  // where nearly everyone reads
    auto const after = std::ranges::upper_bound(blocks_, seq, {}, &Block::first);
    return *std::prev(after);
}

Run Ring::run_after(core::Seq after, core::Seq until, std::size_t max_bytes) const {
    auto const last = std::min(last_, until);
    if (after >= last) return {};
    auto const& block = block_of(after + 1);
    auto const index = static_cast<std::size_t>(after + 1 - block.first);
    auto const begin = index == 0 ? std::size_t{0} : block.ends[index - 1];
    auto const available = std::min(block.ends.size(), static_cast<std::size_t>(last + 1 - block.first));

    auto end_index = available;
    if (block.ends[available - 1] - begin > max_bytes) {
        auto const stop = block.ends.begin() + static_cast<std::ptrdiff_t>(available);
        auto const over =
            std::upper_bound(block.ends.begin() + static_cast<std::ptrdiff_t>(index), stop, begin + max_bytes);
        end_index = std::max(index + 1, static_cast<std::size_t>(over - block.ends.begin()));
    }
    return {
        .data = block.bytes.data() + begin,
        .size = block.ends[end_index - 1] - begin,
        .first = after + 1,
        .last = block.first + end_index - 1,
    };
}

Ring::Cut Ring::cut_at(Run const& run, std::size_t sent) const {
    auto const& block = block_of(run.first);
    auto const offset = static_cast<std::size_t>(run.data - block.bytes.data()) + sent;
    auto const index = static_cast<std::size_t>(std::ranges::upper_bound(block.ends, offset) - block.ends.begin());
    return {.seq = block.first + index, .remaining = block.ends[index] - offset};
}

}  // namespace macp::ws
