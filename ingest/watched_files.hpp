#pragma once

#include "events/event_log.hpp"
#include "ingest/line_file.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace macp::ingest {

/// One followed file under its present name.
struct WatchedFile {
    LineFile lines;
    bool literal = false;   ///< Named in full by the configuration, so waited for when it is absent.
    io::FilePlace saved{};  ///< The place in its cursor.
    std::optional<io::FilePlace> copy{
    };  ///< Set while the file only holds what another one holds too: not read, its place kept up.

    [[nodiscard]] io::FilePlace place() const { return copy ? *copy : lines.place(); }
};

/// Which files are followed, under which names, from which places.
///
/// Places belong to content, not to names: when a file turns up under another watched name its place goes with it, and
/// a copy of a followed file is not read again. Threads: one at a time.
class WatchedFiles {
public:
    /// `patterns`: paths, or globs as of a shell, relative to `root`.
    WatchedFiles(std::filesystem::path root, std::vector<std::string> patterns, std::size_t max_line_bytes);

    /// The places of an earlier run, by name; before the first `scan`.
    void load(std::map<std::string, io::FilePlace> places) { loaded_ = std::move(places); }
    /// Looks for new, renamed, copied and vanished files.
    void scan();
    /// What must be saved of everything that has changed since the last call.
    [[nodiscard]] std::vector<events::CursorMove> moves();
    /// The same for one file.
    [[nodiscard]] static std::vector<events::CursorMove> moves_of(std::string const& name, WatchedFile& file);

    /// To be called when the file that is open under a name has changed, before any of it is read: takes up the place
    /// that is known of it. True when it is followed under another name too, for it was renamed while we looked, or
    /// when another file has been left: scan again before reading on.
    [[nodiscard]] bool opened(std::string const& name, WatchedFile& file, io::FilePlace const& before);

    [[nodiscard]] std::map<std::string, WatchedFile>& files() { return files_; }
    /// Files without a watched name whose rest is still to be read, once, up to its end.
    [[nodiscard]] std::vector<LineFile>& orphans() { return orphans_; }
    /// They have been read.
    void forget_orphans();

    [[nodiscard]] static std::string cursor_name(std::string const& name) { return "watch:" + name; }

private:
    struct Here {
        io::OpenFile::Stat stat;
        bool literal = false;
    };
    using Listing = std::map<std::string, Here>;
    using Followers = std::multimap<std::uint64_t, std::string>;  ///< Names by the inode that they read.

    [[nodiscard]] Listing list();
    void drop_second_names(Listing& listing) const;
    void add(Listing& listing, std::filesystem::path const& path, bool literal);
    /// Names that are meant as they stand, whether there is such a file or not.
    [[nodiscard]] std::vector<std::string> literals(Listing const& listing) const;
    void resume(Listing const& listing);
    void resume_own(std::string const& name, bool literal);
    [[nodiscard]] std::optional<io::FilePlace> claim(io::OpenFile const& file);
    void remember(io::FilePlace const& place);
    [[nodiscard]] std::optional<io::FilePlace> take_place(
        std::string const& name, io::OpenFile::Stat const& stat, Followers::const_iterator first,
        Followers::const_iterator last, std::set<std::string>& left
    ) const;
    void replace(std::string const& name, io::FilePlace const& place, bool moved_on, bool literal);
    void follow_renames(Listing const& listing);
    void begin_new(Listing const& listing);
    [[nodiscard]] bool hold_copies(Listing const& listing);
    void hold_if_copy(std::string const& name, io::OpenFile const& opened, WatchedFile& file);
    void drop_deleted(Listing const& listing);
    WatchedFile& follow(std::string const& name, io::FilePlace place, bool literal);
    [[nodiscard]] bool is_copy(std::string const& name, io::OpenFile const& file, bool known, WatchedFile const& of)
        const;
    [[nodiscard]] std::filesystem::path path_of(std::string const& name) const;
    [[nodiscard]] std::string name_of(std::filesystem::path const& path) const;

    std::filesystem::path root_;
    std::vector<std::string> patterns_;
    std::size_t max_line_bytes_;
    std::map<std::string, io::FilePlace> loaded_;
    std::vector<io::FilePlace> unclaimed_;  ///< Of content that is under no watched name, or has not been found yet.
    bool resumed_ = false;
    std::set<std::string> present_;  ///< Names found by the last scan.
    std::map<std::string, WatchedFile> files_;
    std::vector<LineFile> orphans_;
    std::vector<events::CursorMove> erased_;
};

}  // namespace macp::ingest
