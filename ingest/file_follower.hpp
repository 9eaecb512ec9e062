#pragma once

#include "core/time.hpp"
#include "ingest/event_line.hpp"
#include "ingest/file_cursor.hpp"
#include "ingest/place_locks.hpp"
#include "ingest/watched_files.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace macp::ingest {

struct FollowerOptions {
    std::filesystem::path root = ".";
    std::vector<std::string> files{".mosaic/orchestrator/events.ndjson"};     ///< Paths and globs relative to `root`.
    std::filesystem::path cursor = ".mosaic/orchestrator/event_cursor.json";  ///< Relative to `root`.
    std::size_t max_line_bytes = std::size_t{16} << 20;
};

/// Follows files of events without a log, for a terminal or a script: each new line goes to the callbacks, and the
/// place, kept in a small file, moves on only after they have returned. A crash in between repeats lines, never loses
/// one. Followers of other files may use the same cursor file at once. Of several that follow the same file all tell
/// its lines, and the first keeps its place; the others say in the log that theirs is not kept, until the first has
/// ended. Lines that are no events are passed over with a warning. Threads: one at a time.
class FileFollower {
public:
    /// `line`: the event as it was written. The views end with the call.
    struct Seen {
        core::NewEvent const& event;
        std::string_view line;
        std::string const& file;
        std::uint64_t offset;
    };
    using OnEvent = std::function<void(Seen const&)>;
    using OnBadLine = std::function<void(std::string const& file, std::uint64_t offset, core::Error const& why)>;

    /// A cursor that cannot be understood is said so in the log, and the files are read from their beginning.
    FileFollower(core::Clock const& clock, FollowerOptions options);

    /// Calls back for events whose type matches one of the globs; none: for every event. An exception out of a callback
    /// is logged, and the next one is called.
    void on(std::vector<std::string> types, OnEvent callback);
    /// Called beside the warning in the log.
    void on_bad_line(OnBadLine callback) { on_bad_line_ = std::move(callback); }
    /// Called before the place of lines that have been told of is saved. What it refuses ends the poll with its error,
    /// and the cursor stays behind those lines.
    void before_save(std::function<core::Result<void>()> callback) { before_save_ = std::move(callback); }

    /// Reads everything that is new. Returns the number of events seen, whatever their types.
    /// Errors: those of `before_save`, and of saving the cursor; the next poll tries that again.
    [[nodiscard]] core::Result<std::size_t> poll_once();

private:
    struct Subscriber {
        std::vector<std::string> types;
        OnEvent callback;
    };

    void tell(Seen const& seen) const;
    void take_line(std::string const& file, Line const& line, std::uint64_t offset);
    [[nodiscard]] core::Result<void> save();
    [[nodiscard]] core::Result<void> take_places();
    [[nodiscard]] core::Result<void> write_places();
    [[nodiscard]] core::Result<bool> read_files();

    core::Clock const& clock_;
    FileCursor cursor_;
    PlaceLocks locks_;
    WatchedFiles files_;
    LineParser parser_;
    std::vector<Subscriber> subscribers_;
    OnBadLine on_bad_line_;
    std::function<core::Result<void>()> before_save_;
    std::set<std::string> gone_;    ///< Names whose place is to be dropped.
    std::set<std::string> others_;  ///< Names whose place another follower keeps, as has been said.
    std::size_t seen_ = 0;
    bool dirty_ = false;  ///< Places have moved that are not saved yet.
};

}  // namespace macp::ingest
