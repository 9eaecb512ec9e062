#include "ingest/batch.hpp"

namespace macp::ingest {

void BatchBuilder::add_line(
    std::string const& file, std::uint64_t inode, Line const& line, std::uint64_t offset, bool torn
) {
    if (counts_.empty()) defaults_.received = clock_.now();  // one look at the clock a batch
    auto& count = counts_[file];
    ++count.lines;
    bytes_ += line.text.size();
    auto event =
        line.too_long ? core::fail(core::ErrorCode::TooLarge, "line too long") : parser_.parse(line.text, defaults_);
    // The log would refuse the whole batch for it, again and again.
    if (auto const checked = event ? core::check_event(*event) : core::Result<void>{}; !checked) {
        event = core::pass_on(checked);
    }
    if (event) {
        ++count.events;
        commit_.events.push_back(*std::move(event));
        return;
    }
    ++count.rejects;
    Reject reject{.file = file, .inode = inode, .offset = offset, .reason = event.error().message};
    if (torn) reject.reason = "the file ended within this line (" + reject.reason + ")";
    reject.text = line.text;
    reject.bytes = line.length;
    reject.received = defaults_.received;
    auto const id = rejects_.add(commit_, reject);
    notes_.note(file, offset, reject.reason, id);
}

void BatchBuilder::add_moves(std::vector<events::CursorMove> moves) {
    for (auto& move : moves) {
        auto name = move.name;
        moves_.insert_or_assign(std::move(name), std::move(move));
    }
}

std::pair<events::Commit, BatchCounts> BatchBuilder::take() {
    for (auto& [name, move] : moves_) commit_.cursors.push_back(std::move(move));
    moves_.clear();
    bytes_ = 0;
    return {std::exchange(commit_, {}), std::exchange(counts_, {})};
}

}  // namespace macp::ingest
