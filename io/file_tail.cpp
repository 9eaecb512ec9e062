#include "io/file_tail.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

namespace macp::io {
namespace {

namespace fs = std::filesystem;
using Sibling = FileTail::Sibling;

bool same_file(OpenFile::Stat const& a, OpenFile::Stat const& b) {
    return a.device == b.device && a.inode == b.inode;
}

/// Names beside `path` that begin as its own does, up to the extension, and what lies under them.
std::map<fs::path, OpenFile::Stat> list_siblings(fs::path const& path) {
    std::map<fs::path, OpenFile::Stat> siblings;
    auto const stem = path.stem().string();
    std::error_code error;
    auto const folder = path.has_parent_path() ? path.parent_path() : fs::path{"."};
    for (fs::directory_iterator it{folder, error}, end; !error && it != end; it.increment(error)) {
        auto const name = it->path().filename();
        if (name == path.filename() || !name.string().starts_with(stem)) continue;
        auto const sibling = path.has_parent_path() ? it->path() : name;
        if (auto const stat = stat_file(sibling)) siblings.emplace(sibling, *stat);
    }
    return siblings;
}

bool agree(std::map<fs::path, OpenFile::Stat> const& a, std::map<fs::path, OpenFile::Stat> const& b) {
    return std::ranges::equal(a, b, [](auto const& one, auto const& other) {
        return one.first == other.first && same_file(one.second, other.second);
    });
}

/// The files that the rotation of `path` may have made, open.
std::vector<Sibling> siblings_of(fs::path const& path) {
    // What is renamed while a folder is listed may be missed: two lists that agree are taken for the truth.
    constexpr int most_tries = 10;
    std::vector<Sibling> siblings;
    for (int i = 0; i < most_tries; ++i) {
        siblings.clear();
        auto const before = list_siblings(path);
        auto opened = before;
        for (auto& [name, stat] : opened) {
            auto file = OpenFile::open(name);
            if (!file) continue;
            stat = file->stat();
            siblings.push_back({.path = name, .stat = stat, .file = *std::move(file)});
        }
        if (agree(before, opened) && agree(before, list_siblings(path))) break;
    }
    return siblings;
}

/// The part of a rotated file's name that its rotation added (`.1`, `-20260331`), if it is one of those.
std::optional<std::string> rotation_mark(fs::path const& path, fs::path const& rotated) {
    auto name = rotated.filename().string();
    auto const full = path.filename().string();
    auto const stem = path.stem().string();
    auto const extension = path.extension().string();
    if (name.starts_with(full)) {
        name.erase(0, full.size());
    } else if (!extension.empty() && name.size() > stem.size() + extension.size() && name.ends_with(extension)) {
        name = name.substr(stem.size(), name.size() - stem.size() - extension.size());
    } else {
        return std::nullopt;
    }
    bool const digits = name.find_first_of("0123456789") != std::string::npos;
    bool const marks = name.find_first_not_of("0123456789.-_:TZ") == std::string::npos;
    return digits && marks ? std::optional{name} : std::nullopt;
}

/// `.2` is older than `.1`; of two dates the greater is newer, and dates are long.
long age_of(std::string const& mark) {
    auto const first = mark.find_first_of("0123456789");
    auto const digits = mark.substr(first);
    if (digits.size() > 6 || digits.find_first_not_of("0123456789") != std::string::npos) return 0;
    return std::stol(digits);
}

/// A place so far into a file that equal digests mean equal content, whatever the inode.
bool is_telling(FilePlace const& place) {
    return place.offset >= FilePlace::digest_bytes;
}

}  // namespace

FileTail::FileTail(fs::path path, FilePlace place, Others others)
    : path_{std::move(path)}, place_{place}, others_{std::move(others)} {}

core::Result<FileTail::Read> FileTail::read(std::span<char> into) {
    if (!file_) return open_first();
    auto const stat = file_.stat();
    bool const touched = stat.size != size_ || stat.modified != modified_ || stat.size > read_offset_;
    size_ = stat.size;
    modified_ = stat.modified;
    std::size_t bytes = 0;
    if (stat.size > read_offset_) {
        auto const got = file_.read_at(read_offset_, into);
        if (!got) return core::pass_on(got);
        bytes = *got;
    }
    // Looked at after the reading: what was read belongs to the same content as what came before it.
    if (touched && !unchanged_so_far()) return truncated();
    if (bytes == 0 && stat.size > read_offset_) return Read{.found = Found::Nothing};  // no room was given
    if (bytes == 0) return at_end();

    leaving_ = false;
    read_offset_ += bytes;
    auto const some = std::min(bytes, FilePlace::digest_bytes);
    before_read_.append(into.data() + (bytes - some), some);
    if (before_read_.size() > FilePlace::digest_bytes) {
        before_read_.erase(0, before_read_.size() - FilePlace::digest_bytes);
    }
    return Read{.found = Found::Data, .bytes = bytes};
}

bool FileTail::unchanged_so_far() const {
    // The place as well: files of like lines may well agree just here.
    return file_.bytes_before(read_offset_, before_read_.size()) == before_read_ && file_.holds(place_);
}

core::Result<FileTail::Read> FileTail::open_first() {
    auto present = OpenFile::open(path_);
    if (!present && present.error().code != core::ErrorCode::NotFound) return core::pass_on(present);

    bool const known = place_.inode != 0;
    bool const alike = known && present && present->holds(place_);
    bool const same = alike && present->stat().inode == place_.inode;
    auto elsewhere = known && !same ? find_continuation() : OpenFile{};
    if (elsewhere) {
        adopt(std::move(elsewhere), place_.offset);
    } else if (same || (alike && is_telling(place_))) {
        adopt(*std::move(present), place_.offset);  // itself, or a copy of itself that has replaced it
    } else if (auto missed = known ? oldest_missed() : OpenFile{}; missed) {
        adopt(std::move(missed), 0);
    } else if (present) {
        adopt(*std::move(present), 0);
    } else {
        return Read{.found = Found::Absent};
    }
    return Read{.found = Found::Moved};
}

FileTail::Read FileTail::truncated() {
    // What had not been consumed may live on in a copy that was made before the truncation.
    if (auto copy = find_continuation(); copy) {
        adopt(std::move(copy), place_.offset);
    } else {
        adopt(std::move(file_), 0);
    }
    return {.found = Found::Moved};
}

FileTail::Read FileTail::at_end() {
    auto const present = stat_file(path_);
    bool const in_place = present && same_file(*present, file_.stat());
    if (in_place || !successor()) {
        leaving_ = false;
        return {.found = Found::Nothing};
    }
    // A writer that has begun the next file has left this one; what it wrote last is seen by one more look.
    if (!std::exchange(leaving_, true)) return {.found = Found::Nothing};
    return {.found = Found::Ended};
}

void FileTail::consume(std::uint64_t bytes, std::string_view last) {
    if (bytes == 0) return;
    auto const before = place_.offset;
    place_.offset += bytes;
    place_.modified = modified_;
    auto const some = static_cast<std::size_t>(std::min<std::uint64_t>(place_.offset, FilePlace::digest_bytes));
    if (last.size() > some) last.remove_prefix(last.size() - some);
    place_.tail = digest_of(last.size() == some ? last : file_.bytes_before(place_.offset, some));
    if (before < FilePlace::digest_bytes) place_.head = digest_of(file_.bytes_before(some, some));
}

void FileTail::rewind() {
    read_offset_ = place_.offset;
    before_read_ = file_.bytes_before(read_offset_, FilePlace::digest_bytes);
    leaving_ = false;
}

void FileTail::next_file() {
    auto next = successor();
    if (!next) return rewind();  // it went away again: this file is still the last one
    bool const copied = next->path == path_ && is_telling(place_) && next->file.holds(place_);
    adopt(std::move(next->file), copied ? place_.offset : 0);
}

void FileTail::restart(FilePlace place) {
    file_ = OpenFile{};
    place_ = place;
    leaving_ = false;
}

void FileTail::adopt(OpenFile file, std::uint64_t offset) {
    file_ = std::move(file);
    auto const stat = file_.stat();
    auto const old = place_;
    place_ = {.device = stat.device, .inode = stat.inode, .offset = offset, .modified = stat.modified};
    if (offset > 0) std::tie(place_.head, place_.tail) = std::pair{old.head, old.tail};
    size_ = stat.size;
    modified_ = stat.modified;
    rewind();
}

/// Where the bytes behind the place are now: the same file under another name, else a copy that is not older.
OpenFile FileTail::find_continuation() const {
    Sibling best;
    for (auto& sibling : siblings_of(path_)) {
        auto const& stat = sibling.stat;
        bool const renamed = stat.inode == place_.inode;
        bool const copied = place_.offset > 0 && stat.modified >= place_.modified && stat.size >= place_.offset;
        if (!(renamed || copied) || !sibling.file.holds(place_)) continue;
        if (renamed) return std::move(sibling.file);
        if (!best.file || stat.size > best.stat.size) best = std::move(sibling);
    }
    return std::move(best.file);
}

/// The file of the place is gone, or was truncated and rotated away: what was written since, and rotated too.
OpenFile FileTail::oldest_missed() const {
    auto missed = oldest_rotated(siblings_of(path_), [this](Sibling const& sibling, long) {
        return sibling.stat.modified > place_.modified || sibling.stat.inode == place_.inode;
    });
    return missed ? std::move(missed->file) : OpenFile{};
}

/// What to read after this file: the oldest one rotated away since, else the present one once something is in it.
std::optional<FileTail::Sibling> FileTail::successor() const {
    // In this order: what is rotated away in between is then seen under one name or the other.
    auto present = OpenFile::open(path_);
    if (auto rotated = rotated_since()) return rotated;
    if (!present) return std::nullopt;
    auto const stat = present->stat();
    if (stat.size == 0 || same_file(stat, file_.stat())) return std::nullopt;
    return Sibling{.path = path_, .stat = stat, .file = *std::move(present)};
}

/// What was rotated away after the file being read, which by then had been rotated away itself.
std::optional<FileTail::Sibling> FileTail::rotated_since() const {
    auto const own = file_.stat();
    auto siblings = siblings_of(path_);
    long own_age = 0;
    for (auto const& sibling : siblings) {
        auto const mark = rotation_mark(path_, sibling.path);
        if (mark && same_file(sibling.stat, own)) own_age = age_of(*mark);
    }
    return oldest_rotated(std::move(siblings), [&](Sibling const& sibling, long age) {
        if (same_file(sibling.stat, own) || sibling.stat.modified < own.modified) return false;
        bool const older = own_age > 0 && age > own_age;
        return !older && !sibling.file.is_start_of(file_);  // else a copy of what was just read
    });
}

std::optional<FileTail::Sibling> FileTail::oldest_rotated(
    std::vector<Sibling> siblings, std::function<bool(Sibling const&, long age)> const& wanted
) const {
    std::optional<Sibling> oldest;
    auto oldest_key = std::pair{std::int64_t{0}, 0L};
    for (auto& sibling : siblings) {
        auto const mark = rotation_mark(path_, sibling.path);
        if (!mark || sibling.stat.size == 0 || (others_ && others_(sibling.path))) continue;
        auto const age = age_of(*mark);
        auto const key = std::pair{sibling.stat.modified, -age};
        if ((oldest && !(key < oldest_key)) || !wanted(sibling, age)) continue;
        oldest = std::move(sibling);
        oldest_key = key;
    }
    return oldest;
}

}  // namespace macp::io
