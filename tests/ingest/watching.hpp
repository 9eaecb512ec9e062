#pragma once

#include "ingest/files.hpp"
#include "ingest/memory_log.hpp"
#include "ingest/rejects.hpp"
#include "ingest/watcher.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

namespace macp::testing {

/// A folder, a log, and a watcher over both that can be stopped and started. Polls only when asked.
class Watching {
public:
    using Names = std::vector<std::string>;

    explicit Watching(Names files = {"events.ndjson"}) {
        options.root = folder.path();
        options.files = std::move(files);
        options.poll_interval = std::chrono::hours{1};
    }

    void start() {
        kept_rejects.emplace(log, max_rejects);
        watcher.emplace(log, clock, *kept_rejects, options);
    }
    void stop() {
        watcher.reset();
        kept_rejects.reset();
    }
    void restart() {
        stop();
        start();
    }
    void poll() {
        if (!watcher) start();
        REQUIRE(watcher->poll_now());
    }
    /// The subjects that came in since the last call.
    [[nodiscard]] Names news() {
        auto const all = log.subjects();
        Names out{all.begin() + static_cast<std::ptrdiff_t>(seen_), all.end()};
        seen_ = all.size();
        return out;
    }
    [[nodiscard]] std::size_t rejects() { return ingest::list_rejects(log, "", 100'000)->size(); }
    [[nodiscard]] std::filesystem::path file(std::string_view name = "events.ndjson") const { return folder / name; }

    TempDir folder;
    MemoryLog log;
    core::SystemClock clock;
    ingest::WatcherOptions options;
    std::size_t max_rejects = 10'000;
    std::optional<ingest::Rejects> kept_rejects;
    std::optional<ingest::Watcher> watcher;

private:
    std::size_t seen_ = 0;
};

}  // namespace macp::testing
