#pragma once

#include "core/result.hpp"
#include "io/descriptor.hpp"

#include <cstdint>
#include <filesystem>
#include <utility>

namespace macp::events {

/// Makes the folders above `database` (0700) and the empty file (0600) when they are missing.
/// Errors: StorageFull, Unavailable.
[[nodiscard]] core::Result<void> make_database_file(std::filesystem::path const& database);

/// Keeps a second process away from the log: holds `<database>.lock`, with the process id in it.
class LogLock {
public:
    /// Errors: Conflict when another process (or another log object) holds it, naming the process; Unavailable.
    [[nodiscard]] static core::Result<LogLock> take(std::filesystem::path const& database);

private:
    explicit LogLock(io::Descriptor file) : file_{std::move(file)} {}
    io::Descriptor file_;
};

/// Space set aside in `<database>.reserve`, let go when the disk is full: a checkpoint and retention need some to make
/// more. Threads: the log's only.
class Reserve {
public:
    Reserve(std::filesystem::path const& database, std::uint64_t bytes);

    /// Sets the space aside; false when the disk is full. Where none can be set aside at all it goes on without.
    [[nodiscard]] bool take();
    void release() noexcept;
    /// What is set aside: as asked for, less on a small disk.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    void do_without(int error);

    std::filesystem::path path_;
    std::uint64_t bytes_;
    io::Descriptor file_;
    bool held_ = false;
    bool possible_ = true;
};

}  // namespace macp::events
