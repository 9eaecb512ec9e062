#pragma once

#include "io/file_place.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace macp::io {

/// Follows one growing file by looking at it: hands out blocks of bytes, from a saved place on, through rotation by
/// renaming, copying with truncation, truncation and replacement. Knows nothing of what the bytes mean.
///
/// Bytes are first read, then consumed; the place counts only what was consumed, and is what to save.
/// Threads: one at a time.
class FileTail {
public:
    enum class Found {
        Data,     ///< Bytes, following those of the last read.
        Nothing,  ///< At the end; more may come.
        Absent,   ///< There is no such file yet.
        Moved,    ///< Reading goes on elsewhere: drop what was read and not consumed, and read again.
        Ended,    ///< This file is over, another has taken its name: consume what is left of it, then `next_file`.
    };
    struct Read {
        Found found = Found::Nothing;
        std::size_t bytes = 0;
    };
    /// A file beside the followed one, open.
    struct Sibling {
        std::filesystem::path path;
        OpenFile::Stat stat;
        OpenFile file;
    };
    using Others = std::function<bool(std::filesystem::path const&)>;

    /// `place`: what was saved; empty: from the beginning. `others`: files that somebody else follows, which are then
    /// not read as what came between the rotated file and the present one.
    explicit FileTail(std::filesystem::path path, FilePlace place = {}, Others others = {});

    /// Reads on behind what was read before. Errors: Unavailable; try again later.
    [[nodiscard]] core::Result<Read> read(std::span<char> into);

    /// `bytes` more are done with; `last`: their last bytes, as many as are at hand.
    void consume(std::uint64_t bytes, std::string_view last);
    /// The next read begins again at the place: what was read and not consumed is forgotten.
    void rewind();
    /// After Ended: goes on with the file that came after this one.
    void next_file();
    /// Goes on at another place, perhaps in another file, as if it had been saved and loaded.
    void restart(FilePlace place);

    [[nodiscard]] FilePlace const& place() const { return place_; }
    [[nodiscard]] std::filesystem::path const& path() const { return path_; }
    /// The file being read, which may have another name by now; closed before the first read that finds one.
    [[nodiscard]] OpenFile const& file() const { return file_; }
    /// Size of that file when it was last looked at.
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// True when a read would find bytes, or has yet to find the file.
    [[nodiscard]] bool has_more() const { return !file_ || file_.stat().size > read_offset_; }
    /// True when the file has been rotated away and one more look, soon, will end it.
    [[nodiscard]] bool leaving() const { return leaving_; }

private:
    [[nodiscard]] core::Result<Read> open_first();
    [[nodiscard]] Read at_end();
    [[nodiscard]] Read truncated();
    [[nodiscard]] bool unchanged_so_far() const;
    [[nodiscard]] OpenFile find_continuation() const;
    [[nodiscard]] OpenFile oldest_missed() const;
    [[nodiscard]] std::optional<Sibling> successor() const;
    [[nodiscard]] std::optional<Sibling> rotated_since() const;
    [[nodiscard]] std::optional<Sibling> oldest_rotated(
        std::vector<Sibling> siblings, std::function<bool(Sibling const&, long age)> const& wanted
    ) const;
    void adopt(OpenFile file, std::uint64_t offset);

    std::filesystem::path path_;
    FilePlace place_;
    Others others_;
    OpenFile file_;
    std::uint64_t read_offset_ = 0;
    std::string before_read_;  ///< The bytes just before `read_offset_`: they change when the file is rewritten.
    std::uint64_t size_ = 0;
    std::int64_t modified_ = 0;
    bool leaving_ = false;
};

}  // namespace macp::io
