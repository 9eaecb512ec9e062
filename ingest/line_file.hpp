#pragma once

#include "ingest/line_reader.hpp"
#include "io/file_tail.hpp"

#include <functional>
#include <optional>

namespace macp::ingest {

/// A followed file as lines: the tail and the line reader, kept in step. Threads: one at a time.
class LineFile {
public:
    enum class Outcome {
        More,     ///< Read again at once.
        Leaving,  ///< Read again soon: the file has been rotated away and is being left.
        Idle,     ///< Everything there is has been read.
        Absent,   ///< There is no such file yet.
    };
    /// A line, where it begins in its file, and whether the file ended before the line did.
    using OnLine = std::function<void(Line const& line, std::uint64_t offset, bool torn)>;

    LineFile(
        std::filesystem::path path, io::FilePlace place, std::size_t max_line_bytes, io::FileTail::Others others = {}
    )
        : tail_{std::move(path), place, std::move(others)}, reader_{max_line_bytes} {}

    /// Reads one block and hands over its lines; afterwards `place()` is behind them. Errors: Unavailable.
    [[nodiscard]] core::Result<Outcome> read_block(OnLine const& on_line);

    /// Goes on elsewhere; a torn line is forgotten and will be read again.
    void restart(io::FilePlace place);

    /// The last place in the file that the last `read_block` left for the next one; nothing when it stayed.
    [[nodiscard]] std::optional<io::FilePlace> const& left() const { return left_; }

    [[nodiscard]] io::FileTail const& tail() const { return tail_; }
    [[nodiscard]] io::FilePlace const& place() const { return tail_.place(); }

private:
    void consume();
    void begin_stream();
    void settle();

    io::FileTail tail_;
    LineReader reader_;
    std::uint64_t base_ = 0;      ///< Where in the file the reader's stream began.
    std::uint64_t consumed_ = 0;  ///< Bytes of that stream that the tail has been told of.
    std::optional<io::FilePlace> left_;
    bool holding_ = false;  ///< The reader holds a buffer.
};

}  // namespace macp::ingest
