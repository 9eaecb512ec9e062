#include "ingest/file_follower.hpp"

#include "core/filter.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace macp::ingest {

FileFollower::FileFollower(core::Clock const& clock, FollowerOptions options)
    : clock_{clock},
      cursor_{options.root / options.cursor},
      locks_{cursor_.path().string() + ".lock"},
      files_{options.root, std::move(options.files), options.max_line_bytes} {
    auto places = cursor_.load();
    if (places) {
        files_.load(*std::move(places));
    } else {
        spdlog::warn("{}; reading from the beginning", places.error().message);
    }
}

void FileFollower::on(std::vector<std::string> types, OnEvent callback) {
    subscribers_.push_back({.types = std::move(types), .callback = std::move(callback)});
}

core::Result<std::size_t> FileFollower::poll_once() {
    seen_ = 0;
    for (bool more = true; more;) {
        files_.scan();
        for (auto& orphan : files_.orphans()) {
            auto const name = orphan.tail().path().filename().string();
            auto const take = [&](Line const& line, std::uint64_t at, bool) { take_line(name, line, at); };
            while (orphan.read_block(take).value_or(LineFile::Outcome::Idle) == LineFile::Outcome::More) {
            }
        }
        files_.forget_orphans();
        if (auto const saved = save(); !saved) return core::pass_on(saved);
        auto const read = read_files();
        if (!read) return core::pass_on(read);
        more = *read;
    }
    return seen_;
}

/// One block of each file. True when there is more to read, or files are to be looked for again.
core::Result<bool> FileFollower::read_files() {
    bool more = false;
    for (auto& [name, file] : files_.files()) {
        if (file.copy) continue;
        auto const before = file.lines.place();
        auto const outcome =
            file.lines.read_block([&](Line const& line, std::uint64_t offset, bool) { take_line(name, line, offset); });
        if (!outcome) spdlog::warn("{}: {}", name, outcome.error().message);
        bool const other_file = before.inode != file.lines.place().inode;
        bool const rescan = other_file && files_.opened(name, file, before);
        auto const saved = before == file.lines.place() ? core::Result<void>{} : save();
        if (!saved) return core::pass_on(saved);
        more = more || outcome == LineFile::Outcome::More || outcome == LineFile::Outcome::Leaving;
        if (rescan) return true;
    }
    return more;
}

void FileFollower::take_line(std::string const& file, Line const& line, std::uint64_t offset) {
    EventDefaults const defaults{.source = "/orchestrator/events", .received = clock_.now()};
    auto const event =
        line.too_long ? core::fail(core::ErrorCode::TooLarge, "line too long") : parser_.parse(line.text, defaults);
    if (!event) {
        spdlog::warn("{} at byte {}: skipped a line: {}", file, offset, event.error().message);
        if (on_bad_line_) on_bad_line_(file, offset, event.error());
        return;
    }
    ++seen_;
    tell({.event = *event, .line = line.text, .file = file, .offset = offset});
}

void FileFollower::tell(Seen const& seen) const {
    for (auto const& [types, callback] : subscribers_) {
        auto const wanted = [&](std::string const& glob) { return core::glob_match(glob, seen.event.type); };
        if (!types.empty() && std::ranges::none_of(types, wanted)) continue;
        try {
            callback(seen);
        } catch (std::exception const& error) {
            spdlog::error("a callback failed on {} of {}: {}", seen.event.type, seen.file, error.what());
        }
    }
}

core::Result<void> FileFollower::save() {
    for (auto const& move : files_.moves()) {
        dirty_ = true;
        if (move.erase) gone_.insert(move.name.substr(WatchedFiles::cursor_name("").size()));
    }
    auto taken = take_places();
    if (!dirty_) return {};
    if (before_save_) {
        if (auto const ready = before_save_(); !ready) return ready;
    }
    if (!taken) return taken;
    auto const saved = write_places();
    if (saved) gone_.clear();
    dirty_ = !saved;
    return saved;
}

/// Takes up the places that no other follower keeps, and says once of which ones another does.
core::Result<void> FileFollower::take_places() {
    auto names = gone_;
    for (auto const& [name, file] : files_.files()) {
        if (file.place().inode != 0) names.insert(name);
    }
    for (auto const& name : names) {
        auto const ours = locks_.take(name);
        if (!ours) return core::pass_on(ours);
        if (*ours) {
            others_.erase(name);
        } else if (others_.insert(name).second) {
            spdlog::warn("another run keeps the place in {}: that of this one is not kept", name);
        }
    }
    return {};
}

core::Result<void> FileFollower::write_places() {
    auto const turn = locks_.turn();
    // Places of files that are not ours are another run's: they stay.
    auto const before = cursor_.load().value_or(FileCursor::Places{});
    auto places = before;
    for (auto const& name : gone_) {
        if (locks_.has(name)) places.erase(name);
    }
    for (auto const& [name, file] : files_.files()) {
        if (file.place().inode != 0 && locks_.has(name)) places.insert_or_assign(name, file.place());
    }
    return places == before ? core::Result<void>{} : cursor_.save(places);
}

}  // namespace macp::ingest
