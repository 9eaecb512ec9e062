#pragma once

#include "core/result.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace macp::io {

/// How far a file has been consumed, and enough of its content to know it again under any name.
///
/// Device and inode name a file only while it lives, and a copy has others; so the digests of the first and of the
/// last bytes consumed say whether a file holds the content that this place is in.
struct FilePlace {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;   ///< 0: no file yet.
    std::uint64_t offset = 0;  ///< Bytes consumed.
    std::uint64_t head = 0;    ///< Digest of the first bytes consumed, at most `digest_bytes` of them.
    std::uint64_t tail = 0;    ///< Digest of the bytes just before `offset`, at most `digest_bytes` of them.
    std::int64_t modified =
        0;  ///< When the file had last been written as it was read, nanoseconds; a later copy is not older.

    static constexpr std::size_t digest_bytes = 1024;
    bool operator==(FilePlace const&) const = default;
};

/// One line of JSON, and back. Errors: Corrupt.
[[nodiscard]] std::string format_place(FilePlace const& place);
[[nodiscard]] core::Result<FilePlace> parse_place(std::string_view text);

/// A fast digest for telling contents apart; not for secrets.
[[nodiscard]] std::uint64_t digest_of(std::string_view bytes);

/// An open regular file, read by position. Threads: one at a time.
class OpenFile {
public:
    struct Stat {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::uint64_t size = 0;
        std::int64_t modified = 0;  ///< Nanoseconds.
        std::uint64_t links = 0;    ///< 0: it has been deleted, and lives only as long as it is open.
    };

    OpenFile() = default;
    OpenFile(OpenFile&& other) noexcept;
    OpenFile& operator=(OpenFile&& other) noexcept;
    ~OpenFile();

    /// Errors: NotFound, Unavailable (no right to read it, or not a regular file).
    [[nodiscard]] static core::Result<OpenFile> open(std::filesystem::path const& path);

    [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }
    [[nodiscard]] Stat stat() const;
    /// Reads until `into` is full or the file ends; fewer bytes mean its end. Errors: Unavailable.
    [[nodiscard]] core::Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) const;
    /// The `size` bytes that end at `end`; fewer when the file is shorter, nothing when it cannot be read.
    [[nodiscard]] std::string bytes_before(std::uint64_t end, std::size_t size) const;

    /// True when the first `place.offset` bytes are those that were consumed, as far as the digests tell.
    [[nodiscard]] bool holds(FilePlace const& place) const;
    /// The place `offset` bytes into this file.
    [[nodiscard]] FilePlace place_at(std::uint64_t offset) const;
    /// True when `longer` begins with the whole of this file, as far as its first and last kilobyte tell.
    [[nodiscard]] bool is_start_of(OpenFile const& longer) const;

private:
    explicit OpenFile(int fd) : fd_{fd} {}
    int fd_ = -1;
};

/// What lies under a name now; nothing when that is no regular file.
[[nodiscard]] std::optional<OpenFile::Stat> stat_file(std::filesystem::path const& path);

}  // namespace macp::io
