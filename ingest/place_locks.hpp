#pragma once

#include "core/result.hpp"
#include "io/descriptor.hpp"

#include <filesystem>
#include <set>
#include <string>

namespace macp::ingest {

/// Settles which of several followers at once keeps the place of a file: each name has a lock of its own, a byte of a
/// file beside the cursor. Whoever takes it first has it until its object, or its process, ends.
/// Threads: one at a time.
class PlaceLocks {
public:
    /// Held while the cursor file is read and written anew.
    class Turn {
    public:
        explicit Turn(int file) noexcept : file_{file} {}
        Turn(Turn const&) = delete;
        Turn& operator=(Turn const&) = delete;
        ~Turn();

    private:
        int file_;
    };

    explicit PlaceLocks(std::filesystem::path path) : path_{std::move(path)} {}

    /// True when the place of `name` is ours to keep, from now on. Errors: StorageFull, Unavailable.
    [[nodiscard]] core::Result<bool> take(std::string const& name);
    [[nodiscard]] bool has(std::string const& name) const { return names_.contains(name); }

    /// Waits until nobody else writes the cursor. After `take` has succeeded once.
    [[nodiscard]] Turn turn() const;

private:
    [[nodiscard]] core::Result<void> open();

    std::filesystem::path path_;
    io::Descriptor file_;
    std::set<std::string> names_;  ///< Ours.
};

}  // namespace macp::ingest
