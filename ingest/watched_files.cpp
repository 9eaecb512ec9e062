#include "ingest/watched_files.hpp"

#include <algorithm>
#include <glob.h>
#include <iterator>
#include <utility>

namespace macp::ingest {
namespace {

namespace fs = std::filesystem;

/// True when `stat`, of what is open as `file`, is what `followed` reads, or what its place is in.
bool stands_for(WatchedFile const& followed, io::OpenFile::Stat const& stat, io::OpenFile const& file) {
    auto const place = followed.lines.place();
    if (place.inode != stat.inode) return false;
    if (followed.lines.tail().file()) return place.device == stat.device;
    return file && file.holds(place);
}

/// `offset`, which is the end of a line; in a file that ends before it, the end of its last whole line.
std::uint64_t end_of_lines(io::OpenFile const& file, std::uint64_t offset) {
    constexpr std::size_t block_bytes = std::size_t{64} << 10;
    auto end = file.stat().size;
    if (offset <= end) return offset;
    while (end > 0) {
        auto const block = file.bytes_before(end, block_bytes);
        auto const last = block.rfind('\n');
        if (last != std::string::npos) return end - block.size() + last + 1;
        if (block.empty()) break;
        end -= block.size();
    }
    return 0;
}

}  // namespace

WatchedFiles::WatchedFiles(fs::path root, std::vector<std::string> patterns, std::size_t max_line_bytes)
    : root_{fs::absolute(root).lexically_normal()}, patterns_{std::move(patterns)}, max_line_bytes_{max_line_bytes} {}

bool WatchedFiles::opened(std::string const& name, WatchedFile& file, io::FilePlace const& before) {
    if (auto const left = file.lines.left()) remember(*left);
    if (!file.lines.tail().file()) return false;
    if (file.lines.place().offset == 0) {
        if (auto const place = claim(file.lines.tail().file())) {
            file.lines.restart(*place);
            return true;
        }
    }
    auto const& here = file.lines.tail().file();
    bool const elsewhere = std::ranges::any_of(files_, [&](auto const& other) {
        return other.first != name && stands_for(other.second, here.stat(), here);
    });
    return elsewhere || before.inode != 0;
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
    constexpr int most_tries = 10;
    for (int i = 0; i < most_tries; ++i) {
        auto const listing = list();
        if (!std::exchange(resumed_, true)) resume(listing);
        follow_renames(listing);
        begin_new(listing);
        drop_deleted(listing);
        if (hold_copies(listing)) return;
    }
}

/// At the start nothing is open: content is known again by inode and digests, whatever its name is now.
void WatchedFiles::resume(Listing const& listing) {
    for (auto const& [name, place] : loaded_) unclaimed_.push_back(place);
    for (auto const& [name, here] : listing) {
        auto const opened = io::OpenFile::open(path_of(name));
        if (auto const place = opened ? claim(*opened) : std::nullopt) follow(name, *place, here.literal);
    }
    for (auto const& name : literals(listing)) resume_own(name, true);
    for (auto const& [name, here] : listing) resume_own(name, here.literal);
    for (auto const& [name, place] : loaded_) {
        auto const file = files_.find(name);
        bool const elsewhere = file == files_.end() && std::ranges::find(unclaimed_, place) == unclaimed_.end();
        if (elsewhere) erased_.push_back({.name = cursor_name(name), .erase = true});
        if (file != files_.end()) file->second.saved = place;
    }
}

/// The place saved under a name, when its file is not known again: it may be in a copy, or truncated.
void WatchedFiles::resume_own(std::string const& name, bool literal) {
    auto const saved = loaded_.find(name);
    if (files_.contains(name) || (saved == loaded_.end() && !literal)) return;
    auto const own = saved == loaded_.end() ? unclaimed_.end() : std::ranges::find(unclaimed_, saved->second);
    follow(name, own == unclaimed_.end() ? io::FilePlace{} : *own, literal);
    if (own != unclaimed_.end()) unclaimed_.erase(own);
}

/// The place that is known of a file which nobody follows: of an earlier run, or from when it was left.
std::optional<io::FilePlace> WatchedFiles::claim(io::OpenFile const& file) {
    auto const inode = file.stat().inode;
    auto const found = std::ranges::find_if(unclaimed_, [&](io::FilePlace const& place) {
        return place.inode == inode && file.holds(place);
    });
    if (found == unclaimed_.end()) return std::nullopt;
    auto const place = *found;
    unclaimed_.erase(found);
    return place;
}

/// A file that was left may turn up under a name that was missed, renamed while we looked, and must not be read again.
void WatchedFiles::remember(io::FilePlace const& place) {
    constexpr std::size_t most_remembered = 1000;
    if (place.offset == 0) return;
    if (unclaimed_.size() >= most_remembered) unclaimed_.erase(unclaimed_.begin());
    unclaimed_.push_back(place);
}

void WatchedFiles::forget_orphans() {
    for (auto const& orphan : orphans_) remember(orphan.place());
    orphans_.clear();
}

/// The place that others than `name` have in the file that is now called so; they have to leave it.
/// Both may have it open, when it was renamed while we looked: who has read further knows the place.
std::optional<io::FilePlace> WatchedFiles::take_place(
    std::string const& name, io::OpenFile::Stat const& stat, Followers::const_iterator first,
    Followers::const_iterator last, std::set<std::string>& left
) const {
    auto const opened = io::OpenFile::open(path_of(name)).value_or(io::OpenFile{});
    std::optional<io::FilePlace> best;
    std::optional<io::FilePlace> own;
    for (; first != last; ++first) {
        auto const& file = files_.at(first->second);
        if (!stands_for(file, stat, opened)) continue;
        auto const place = file.lines.place();
        if (first->second == name) {
            own = place;
            continue;
        }
        left.insert(first->second);
        if (!best || place.offset > best->offset) best = place;
    }
    return own && best && own->offset >= best->offset ? std::nullopt : best;
}

/// Another file's content is called `name` now, and is read on at `place`.
void WatchedFiles::replace(std::string const& name, io::FilePlace const& place, bool moved_on, bool literal) {
    auto const target = files_.find(name);
    io::FilePlace saved;
    if (target != files_.end()) {
        saved = target->second.saved;
        auto& old = target->second.lines;
        // What stood under this name has none now: its rest is read before it is forgotten.
        bool const other_content = !moved_on && old.place().inode != place.inode;
        if (other_content && !old.tail().file()) {
            remember(old.place());
        } else if (other_content) {
            orphans_.push_back(std::move(old));
        }
    }
    follow(name, place, literal).saved = saved;
}

/// A file that is followed under one watched name and found under another takes its place along.
void WatchedFiles::follow_renames(Listing const& listing) {
    Followers followers;
    for (auto const& [name, file] : files_) followers.emplace(file.lines.place().inode, name);
    std::map<std::string, io::FilePlace> places;
    std::set<std::string> left;
    for (auto const& [name, here] : listing) {
        auto const [first, last] = followers.equal_range(here.stat.inode);
        auto const own = files_.find(name);
        bool const is_own = own != files_.end() && own->second.lines.place().inode == here.stat.inode;
        if (std::distance(first, last) == (is_own ? 1 : 0)) continue;
        if (auto const place = take_place(name, here.stat, first, last, left)) places[name] = *place;
    }
    for (auto const& [name, place] : places) replace(name, place, left.contains(name), listing.at(name).literal);
    for (auto const& old_name : left) {
        if (!places.contains(old_name) && files_.contains(old_name)) files_.at(old_name).lines.restart({});
    }
}

void WatchedFiles::begin_new(Listing const& listing) {
    for (auto const& [name, here] : listing) {
        if (!files_.contains(name)) follow(name, {}, here.literal);
    }
}

/// True when `file` holds what `of` has read, or is a copy of it in the making.
bool WatchedFiles::is_copy(std::string const& name, io::OpenFile const& file, bool known, WatchedFile const& of) const {
    auto const other = of.lines.tail().path().string();
    auto const path = path_of(name).string();
    auto const place = of.lines.place();
    // Two files may well begin alike: only a name made from the other's, or much in common, makes one a copy.
    bool const named_after = path.starts_with(other);
    bool const much = !known && std::min(place.offset, file.stat().size) >= io::FilePlace::digest_bytes;
    if (path == other || !(named_after || much)) return false;
    if (place.offset > 0 && file.holds(place)) return true;
    return of.lines.tail().file() && file.is_start_of(of.lines.tail().file());
}

/// False when a file was renamed since it was listed.
bool WatchedFiles::hold_copies(Listing const& listing) {
    for (auto const& [name, here] : listing) {
        auto& file = files_.at(name);
        if (file.lines.tail().file()) continue;  // it is being read in its own right
        auto const opened = io::OpenFile::open(path_of(name));
        bool const unreadable = !opened && opened.error().code != core::ErrorCode::NotFound;
        if (unreadable) continue;
        if (!opened || opened->stat().inode != here.stat.inode) return false;
        hold_if_copy(name, *opened, file);
    }
    return true;
}

void WatchedFiles::hold_if_copy(std::string const& name, io::OpenFile const& opened, WatchedFile& file) {
    bool const known = file.lines.place().inode != 0 && !file.copy;
    auto const original = std::ranges::find_if(files_, [&](auto const& other) {
        return !other.second.copy && other.first != name && is_copy(name, opened, known, other.second);
    });
    if (original != files_.end()) {
        auto const offset = end_of_lines(opened, original->second.lines.place().offset);
        if (!file.copy || file.copy->offset != offset) file.copy = opened.place_at(offset);
    } else if (file.copy) {
        file.lines.restart(*file.copy);  // it goes its own way from here on
        file.copy.reset();
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
        if (open) {
            orphans_.push_back(std::move(file.lines));
        } else {
            remember(file.lines.place());
        }
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
