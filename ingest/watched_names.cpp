// Which names there are to follow, and what lies under them.
#include "ingest/watched_files.hpp"

#include <glob.h>
#include <iterator>
#include <utility>

namespace macp::ingest {
namespace {

namespace fs = std::filesystem;

bool has_wildcard(std::string const& pattern) {
    return pattern.find_first_of("*?[") != std::string::npos;
}

bool is_open_at(WatchedFile const& file, io::OpenFile::Stat const& stat) {
    auto const place = file.lines.place();
    return file.lines.tail().file() && place.device == stat.device && place.inode == stat.inode;
}

}  // namespace

fs::path WatchedFiles::path_of(std::string const& name) const {
    return (root_ / name).lexically_normal();
}

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
        bool const literal = !has_wildcard(pattern) || io::stat_file(path);
        if (literal) {
            add(listing, path, true);
            continue;
        }
        ::glob_t found{};
        // NOLINTNEXTLINE(concurrency-mt-unsafe): it is safe as long as nobody changes the locale
        if (::glob(path.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
            for (std::size_t i = 0; i < found.gl_pathc; ++i) add(listing, found.gl_pathv[i], false);
        }
        ::globfree(&found);
    }
    drop_second_names(listing);
    present_.clear();
    for (auto const& [name, here] : listing) present_.insert(name);
    return listing;
}

/// A file with two names (a link, or renamed while we looked) is followed under one: the one it has been followed
/// under.
void WatchedFiles::drop_second_names(Listing& listing) const {
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> first;
    for (auto it = listing.begin(); it != listing.end();) {
        auto const& stat = it->second.stat;
        auto const [known, added] = first.try_emplace({stat.device, stat.inode}, it->first);
        if (added) {
            ++it;
            continue;
        }
        auto const own = files_.find(it->first);
        bool const better = own != files_.end() && is_open_at(own->second, stat);
        if (better) listing.erase(std::exchange(known->second, it->first));
        it = better ? std::next(it) : listing.erase(it);
    }
}

std::vector<std::string> WatchedFiles::literals(Listing const& listing) const {
    std::vector<std::string> names;
    for (auto const& pattern : patterns_) {
        auto name = name_of(path_of(pattern));
        if (!has_wildcard(pattern) || listing.contains(name)) names.push_back(std::move(name));
    }
    return names;
}

}  // namespace macp::ingest
