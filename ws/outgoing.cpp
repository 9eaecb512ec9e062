#include "ws/outgoing.hpp"

#include <numeric>

namespace macp::ws {
namespace {

iovec piece_of(char const* data, std::size_t size) {
    return {.iov_base = const_cast<char*>(data), .iov_len = size};  // NOLINT: iovec serves reads too
}

}  // namespace

void Outgoing::gather(View const& view, Format format, core::Seq after) {
    view_ = &view;
    late_ = is_framed_late(format);
    runs_.clear();
    pieces_.clear();
    frames_.clear();
    bytes_ = 0;
    if (late_) return gather_frames(view, after);
    reach_ = view.collect(after, max_bytes, max_runs, runs_);
    for (auto const& run : runs_) {
        pieces_.push_back(piece_of(run.data, run.size));
        bytes_ += run.size;
    }
}

void Outgoing::gather_frames(View const& view, core::Seq after) {
    reach_ = after;
    while (frames_.size() < headers_.size() && pieces_.size() < 2 * max_runs) {
        auto const first_run = runs_.size();
        reach_ = view.collect(reach_, late_frame_bytes, max_runs, runs_);
        if (runs_.size() == first_run) return;
        auto const begin = runs_.begin() + static_cast<std::ptrdiff_t>(first_run);
        auto const size = std::accumulate(begin, runs_.end(), std::size_t{0}, [](auto sum, Run const& run) {
            return sum + run.size;
        });

        auto& header = headers_[frames_.size()];
        header.clear();
        append_frame_header(header, Opcode::Text, size);
        auto const first_piece = pieces_.size();
        pieces_.push_back(piece_of(header.data(), header.size()));
        for (auto run = begin; run != runs_.end(); ++run) pieces_.push_back(piece_of(run->data, run->size));
        frames_.push_back({.first_piece = first_piece, .end_piece = pieces_.size(), .last = runs_.back().last});
        bytes_ += header.size() + size;
    }
}

Outgoing::Left Outgoing::left_after(std::size_t sent) const {
    if (sent >= bytes_) return {.cursor = reach_};
    if (late_) return left_in_frame(sent);
    auto run = runs_.begin();
    for (; sent >= run->size; ++run) sent -= run->size;
    auto const cut = view_->ring().cut_at(*run, sent);
    return {.cursor = cut.seq, .rest = std::string{run->data + sent, cut.remaining}};
}

Outgoing::Left Outgoing::left_in_frame(std::size_t sent) const {
    for (auto const& frame : frames_) {
        Left left{.cursor = frame.last};
        bool cut = false;
        for (auto at = frame.first_piece; at < frame.end_piece; ++at) {
            auto const& piece = pieces_[at];
            auto const skipped = std::min(sent, piece.iov_len);
            cut = cut || skipped < piece.iov_len;
            left.rest.append(static_cast<char const*>(piece.iov_base) + skipped, piece.iov_len - skipped);
            sent -= skipped;
        }
        if (cut) return left;
    }
    return {.cursor = reach_};
}

}  // namespace macp::ws
