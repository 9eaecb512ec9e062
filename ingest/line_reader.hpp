#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace macp::ingest {

/// A line cut out of a stream of bytes.
struct Line {
    std::string_view text{};   ///< Without its end. At least `LineReader::padding` readable bytes follow it.
    std::uint64_t begin = 0;   ///< Bytes of the stream before it, counted from the last `reset`.
    std::uint64_t length = 0;  ///< Bytes of the line without its end; more than `text` holds when it is too long.
    bool too_long = false;     ///< `text` is only its beginning.
};

/// Splits blocks of bytes into lines, with memory bounded by the longest line allowed.
///
/// Fill `space()`, say how much with `filled()`, take lines with `next()` until there is none. A line that has no end
/// yet waits. Blank lines are passed over; a carriage return before the end is no part of the line; a line over the
/// limit is dropped up to its end and handed out once, with its beginning. Pure: no files, no clock. Threads: one.
class LineReader {
public:
    static constexpr std::size_t padding = 64;  ///< What a vectorised parser may read beyond a line.
    static constexpr std::size_t kept_bytes = std::size_t{64} << 10;  ///< Of a line that is too long.

    explicit LineReader(std::size_t max_line_bytes, std::size_t block_bytes = std::size_t{256} << 10)
        : max_line_bytes_{max_line_bytes}, block_bytes_{block_bytes} {}

    /// Where the next bytes of the stream go. Ends the life of all lines handed out.
    [[nodiscard]] std::span<char> space();
    void filled(std::size_t bytes);

    /// The next whole line; its text lives until `space`, `reset` or `settle`.
    [[nodiscard]] std::optional<Line> next();
    /// The rest of a stream that will not go on, as a last line. Nothing when there is no rest, or a blank one.
    [[nodiscard]] std::optional<Line> finish();

    /// Bytes of the stream that were handed out or passed over: reading may begin again behind them.
    [[nodiscard]] std::uint64_t done() const { return done_; }
    /// The last of those bytes, as many as are still here.
    [[nodiscard]] std::string_view last_done() const { return std::string_view{buffer_.get(), begin_}; }
    /// True when a line has begun and not ended.
    [[nodiscard]] bool torn() const { return skipped_ > 0 || begin_ < end_; }

    /// Another stream begins.
    void reset();
    /// Gives up the buffer, keeping a torn line of at most `keep` bytes. False when it was longer: it has been dropped,
    /// and the stream must be read again from `done()` on.
    [[nodiscard]] bool settle(std::size_t keep);

private:
    void reserve(std::size_t bytes);
    [[nodiscard]] std::optional<Line> cut(std::size_t end, std::size_t ending);
    void skip_what_is_here();

    std::size_t max_line_bytes_;
    std::size_t block_bytes_;
    std::unique_ptr<char[]> buffer_;  // NOLINT(modernize-avoid-c-arrays): a vector would clear it first
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;    ///< Where the line that has no end yet begins.
    std::size_t scanned_ = 0;  ///< No line end between `begin_` and here.
    std::size_t end_ = 0;
    std::uint64_t done_ = 0;
    std::uint64_t skipped_ = 0;  ///< Bytes of the line being skipped that are no longer in the buffer.
    std::string kept_;           ///< The beginning of that line.
};

}  // namespace macp::ingest
