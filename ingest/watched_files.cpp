#include "ingest/watched_files.hpp"

#include <glob.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace macp::ingest {
namespace {

namespace fs = std::filesystem;

bool is_open_at(WatchedFile const& file, io::OpenFile::Stat const& stat) {
    auto const place = file.lines.place();
    return file.lines.tail().file() && place.device == stat.device && place.inode == stat.inode;
}

}  // namespace

WatchedFiles::WatchedFiles(fs::path root, std::vector<std::string> patterns, std::size_t max_line_bytes)
    : root_{fs::absolute(root).lexically_normal()}, patterns_{std::move(patterns)}, max_line_bytes_{max_line_bytes} {}

fs::path WatchedFiles::path_of(std::string const& name) const { return (root_ / name).lexically_normal(); }

std::string WatchedFiles::name_of(fs::path const& path) const {
    auto const relative = path.lexically_relative(root_);
    bool const inside = !relative.empty() && *relative.begin() != "..";
    return inside ? relative.string() : path.string();
}

void WatchedFiles::add(Listing& listing, fs::path const& path, bool literal) {
    auto const normal = path.lexically_normal();
    auto const stat = io::stat_file(normal);
    auto const name = name_of(normal);
    if (stat) listing.try_emplace(name, Here{.stat = *stat, .literal = literal});
    if (literal && !files_.contains(name) && resumed_) follow(name, {}, true);
}

WatchedFiles::Listing WatchedFiles::list() {
    Listing listing;
    for (auto const& pattern : patterns_) {
        auto const path = path_of(pattern);
        bool const is_pattern = pattern.find_first_of("*?[") != std::string::npos && !io::stat_file(path);
        if (!is_pattern) {
            add(listing, path, true);
            continue;
        }
        ::glob_t found{};
        if (::glob(path.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
            for (std::size_t i = 0; i < found.gl_pathc; ++i) add(listing, found.gl_pathv[i], false);
        }
        ::globfree(&found);
    }
    present_.clear();
    for (auto const& [name, here] : listing) present_.insert(name);
    return listing;
}

WatchedFile& WatchedFiles::follow(std::string const& name, io::FilePlace place, bool literal) {
    auto others = [this, name](fs::path const& path) {
        auto const other = name_of(path.lexically_normal());
        return other != name && present_.contains(other);
    };
    LineFile lines{path_of(name), place, max_line_bytes_, std::move(others)};
    return files_.insert_or_assign(name, WatchedFile{.lines = std::move(lines), .literal = literal}).first->second;
}

void WatchedFiles::scan() {
    auto const listing = list();
    if (!std::exchange(resumed_, true)) resume(listing);
    follow_renames(listing);
    begin_new(listing);
    hold_copies(listing);
    drop_deleted(listing);
}

/// At the start nothing is open: content is known again by inode and digests, whatever its name is now.
void WatchedFiles::resume(Listing const& listing) {
    auto unclaimed = loaded_;
    for (auto const& [name, here] : listing) {
        auto const opened = io::OpenFile::open(path_of(name));
        if (!opened) continue;
        auto const claimed = std::ranges::find_if(unclaimed, [&](auto const& entry) {
            return entry.second.inode == here.stat.inode && opened->holds(entry.second);
        });
        if (claimed == unclaimed.end()) continue;
        follow(name, claimed->second, here.literal);
        unclaimed.erase(claimed);
    }
    auto const resume_own = [&](std::string const& name, bool literal) {
        auto const own = unclaimed.find(name);
        if (files_.contains(name) || (own == unclaimed.end() && !literal)) return;
        follow(name, own == unclaimed.end() ? io::FilePlace{} : own->second, literal);
    };
    for (auto const& pattern : patterns_) {
        auto const name = name_of(path_of(pattern));
        bool const is_pattern = pattern.find_first_of("*?[") != std::string::npos && !listing.contains(name);
        if (!is_pattern) resume_own(name, true);
    }
    for (auto const& [name, here] : listing) resume_own(name, here.literal);
    for (auto& [name, file] : files_) {
        if (auto const saved = loaded_.find(name); saved != loaded_.end()) file.saved = saved->second;
    }
}

/// A file that is followed under one watched name and found under another takes its place along.
void WatchedFiles::follow_renames(Listing const& listing) {
    std::map<std::string, std::string> taken;  // new name, old name
    for (auto const& [name, here] : listing) {
        auto const own = files_.find(name);
        if (own != files_.end() && is_open_at(own->second, here.stat)) continue;
        for (auto const& [old_name, file] : files_) {
            if (old_name != name && is_open_at(file, here.stat)) taken.emplace(name, old_name);
        }
    }
    std::map<std::string, io::FilePlace> places;
    std::set<std::string> left;
    for (auto const& [name, old_name] : taken) {
        places[name] = files_.at(old_name).lines.place();
        left.insert(old_name);
    }
    for (auto const& [name, place] : places) {
        auto const target = files_.find(name);
        if (target == files_.end()) {
            follow(name, place, listing.at(name).literal);
            continue;
        }
        // What stood under this name has none now: its rest is read before it is forgotten.
        bool const pushed_out = !left.contains(name) && target->second.lines.tail().file();
        auto const saved = target->second.saved;
        bool const literal = target->second.literal;
        if (pushed_out) orphans_.push_back(std::move(target->second.lines));
        follow(name, place, literal).saved = saved;
    }
    for (auto const& old_name : left) {
        if (!places.contains(old_name)) files_.at(old_name).lines.restart({});
    }
}

void WatchedFiles::begin_new(Listing const& listing) {
    for (auto const& [name, here] : listing) {
        if (!files_.contains(name)) follow(name, {}, here.literal);
    }
}

/// True when `file` holds what `of` has read, or is a copy of it in the making.
bool WatchedFiles::is_copy(
    std::string const& name, io::OpenFile const& file, bool known, WatchedFile const& of
) const {
    auto const other = of.lines.tail().path().string();
    auto const path = path_of(name).string();
    auto const place = of.lines.place();
    // Two files may well begin alike: only a name made from the other's, or much in common, makes one a copy.
    bool const named_after = path.starts_with(other);
    bool const much = !known && place.offset >= io::FilePlace::digest_bytes;
    if (path == other || !(named_after || much)) return false;
    if (place.offset > 0 && file.holds(place)) return true;
    return of.lines.tail().file() && file.is_start_of(of.lines.tail().file());
}

void WatchedFiles::hold_copies(Listing const& listing) {
    for (auto const& [name, here] : listing) {
        auto& file = files_.at(name);
        if (file.lines.tail().file()) continue;  // it is being read in its own right
        bool const known = file.lines.place().inode != 0 && !file.copy;
        auto const opened = io::OpenFile::open(path_of(name));
        if (!opened) continue;
        auto const original = std::ranges::find_if(files_, [&](auto const& other) {
            return !other.second.copy && other.first != name && is_copy(name, *opened, known, other.second);
        });
        if (original != files_.end()) {
            auto const offset = std::min(original->second.lines.place().offset, opened->stat().size);
            if (!file.copy || file.copy->offset != offset) file.copy = opened->place_at(offset);
        } else if (file.copy) {
            file.lines.restart(*file.copy);  // it goes its own way from here on
            file.copy.reset();
        }
    }
}

/// A name found by a glob is forgotten when its file is deleted; one that was moved away is still read to its end.
void WatchedFiles::drop_deleted(Listing const& listing) {
    for (auto it = files_.begin(); it != files_.end();) {
        auto& [name, file] = *it;
        bool const open = static_cast<bool>(file.lines.tail().file());
        bool const deleted = !open || file.lines.tail().file().stat().links == 0;
        if (file.literal || listing.contains(name) || !deleted) {
            ++it;
            continue;
        }
        if (open) orphans_.push_back(std::move(file.lines));
        if (file.saved.inode != 0) erased_.push_back({.name = cursor_name(name), .erase = true});
        it = files_.erase(it);
    }
}

std::vector<events::CursorMove> WatchedFiles::moves() {
    auto moves = std::exchange(erased_, {});
    for (auto& [name, file] : files_) {
        for (auto& move : moves_of(name, file)) moves.push_back(std::move(move));
    }
    return moves;
}

std::vector<events::CursorMove> WatchedFiles::moves_of(std::string const& name, WatchedFile& file) {
    auto const place = file.place();
    if (place == file.saved) return {};
    file.saved = place;
    bool const nowhere = place.inode == 0;
    return {{.name = cursor_name(name), .value = nowhere ? "" : io::format_place(place), .erase = nowhere}};
}

}  // namespace macp::ingest
