#pragma once

#include "core/time.hpp"
#include "events/event_log.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace macp::ingest {

class Rejects;

struct WatcherOptions {
    std::filesystem::path root = ".";
    std::vector<std::string> files{".mosaic/orchestrator/events.ndjson"};  ///< Paths and globs relative to `root`.
    std::chrono::milliseconds poll_interval{2000};
    std::size_t max_line_bytes = std::size_t{16} << 20;
    std::size_t batch_events = 4096;                 ///< A commit is closed at about so many events,
    std::size_t batch_bytes = std::size_t{1} << 20;  ///< or so many bytes of lines.
};

/// How one watched file stands. Counts are since the start, of what is durable.
struct WatchedFileStatus {
    std::string file{};
    std::uint64_t offset = 0;     ///< Consumed.
    std::uint64_t size = 0;       ///< When last looked at.
    std::uint64_t lag_bytes = 0;  ///< Not consumed yet.
    bool present = false;
    std::uint64_t lines = 0;
    std::uint64_t events = 0;
    std::uint64_t rejects = 0;
    std::optional<core::Time> last_success{};  ///< When lines of it were last stored.
    std::string last_error{};                  ///< Why it cannot be read; empty: it can, or is not there.
};

struct WatcherStatus {
    std::vector<WatchedFileStatus> files{};
    std::uint64_t repeats = 0;               ///< Events that were in the log already.
    std::optional<core::Time> last_pass{};   ///< When all files had last been read to their end.
    std::optional<core::Error> log_fault{};  ///< Why nothing can be stored now.
    std::size_t commits_waiting = 0;
};

/// Turns the lines of growing files into events of the log, each complete line once, whatever is killed when: events,
/// rejects and the file's cursor (`watch:<file>`) go in one transaction.
///
/// Runs on a thread of its own from construction to `stop`. When the log is full or failing it waits, and nothing is
/// lost. Threads: all members may be called from any thread. Lifetime: `log`, `clock` and `rejects` must outlive it.
class Watcher {
public:
    Watcher(events::EventLog& log, core::Clock const& clock, Rejects& rejects, WatcherOptions options);
    Watcher(Watcher const&) = delete;
    Watcher& operator=(Watcher const&) = delete;
    ~Watcher();

    /// Looks at the files at once, and returns when what was there is stored. False when `guard` ran out first, or
    /// the watcher was stopped.
    bool poll_now(std::chrono::milliseconds guard = std::chrono::seconds{20});
    /// The interval of the polls from now on; one comes at once.
    void set_poll_interval(std::chrono::milliseconds interval);
    [[nodiscard]] WatcherStatus status() const;
    /// Stops reading, waits for the commit in flight, ends the thread. Harmless to repeat.
    void stop();

private:
    class Run;
    std::unique_ptr<Run> run_;
};

}  // namespace macp::ingest
