#pragma once

#include "ws/frame.hpp"
#include "ws/view.hpp"

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace macp::ws {

/// What one send of a connection carries: everything after a cursor, as views into the ring. Scratch of a shard, made
/// again for each cursor; connections at the same place share it.
class Outgoing {
public:
    static constexpr std::size_t max_bytes = std::size_t{256} << 10;
    static constexpr std::size_t max_runs = 64;
    /// Late frames (ndjson) are cut here, so that little has to be copied when a peer stops reading inside one.
    static constexpr std::size_t late_frame_bytes = std::size_t{16} << 10;

    /// Gathers what `view` has after `after`.
    void gather(View const& view, Format format, core::Seq after);

    [[nodiscard]] bool empty() const noexcept { return pieces_.empty(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::vector<iovec>& pieces() noexcept { return pieces_; }
    /// The cursor once everything has been sent; also when there was nothing to send.
    [[nodiscard]] core::Seq reach() const noexcept { return reach_; }

    /// Where a send that took only `sent` bytes has left the connection.
    struct Left {
        core::Seq cursor = 0;  ///< The last event that was sent, wholly or in part.
        std::string rest{};    ///< Its bytes (its frame's) that are still to be sent.
    };
    [[nodiscard]] Left left_after(std::size_t sent) const;

private:
    struct Frame {
        std::size_t first_piece;
        std::size_t end_piece;
        core::Seq last;
    };

    void gather_frames(View const& view, core::Seq after);
    [[nodiscard]] Left left_in_frame(std::size_t sent) const;

    View const* view_ = nullptr;
    bool late_ = false;
    std::vector<Run> runs_;
    std::vector<iovec> pieces_;
    std::vector<Frame> frames_;
    std::array<std::string, max_bytes / late_frame_bytes> headers_;
    std::size_t bytes_ = 0;
    core::Seq reach_ = 0;
};

}  // namespace macp::ws
