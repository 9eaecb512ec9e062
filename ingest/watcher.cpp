#include "ingest/watcher.hpp"

#include "async/thread_name.hpp"
#include "ingest/batch.hpp"
#include "ingest/commit_queue.hpp"
#include "ingest/watched_files.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace macp::ingest {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t most_commits_waiting = 3;
constexpr std::chrono::milliseconds soon{20};
constexpr int blocks_a_turn = 8;  ///< Of one file before the next one has its turn.

}  // namespace

/// The watcher's thread and what it shares with the others.
class Watcher::Run {
public:
    Run(events::EventLog& log, core::Clock const& clock, Rejects& rejects, WatcherOptions options);
    ~Run() { stop(); }

    bool poll_now(std::chrono::milliseconds guard);
    void set_poll_interval(std::chrono::milliseconds interval);
    [[nodiscard]] WatcherStatus status() const;
    void stop();

private:
    void run();
    [[nodiscard]] bool load_places();
    bool read_all();
    void rescan();
    bool read_files(bool& leaving);
    LineFile::Outcome read_turn(std::string const& name, WatchedFile& file);
    void read_orphans();
    LineFile::Outcome read_block(std::string const& name, LineFile& lines);
    void flush_if_full();
    void flush();
    void landed(BatchCounts const& counts, events::CommitResult const& result);
    void note_files();

    void wake();
    [[nodiscard]] bool stopping() const;
    template <class Ready>
    void wait(Steady::time_point until, Ready ready);

    events::EventLog& log_;
    core::Clock const& clock_;
    WatcherOptions const options_;

    // The watcher's thread only.
    WatchedFiles files_;
    BatchBuilder batch_;
    bool rescan_ = false;

    mutable std::mutex mutex_;  ///< Guards what follows.
    std::condition_variable changed_;
    bool signalled_ = false;
    bool stopping_ = false;
    std::uint64_t asked_ = 0;     ///< Calls of `poll_now` so far,
    std::uint64_t answered_ = 0;  ///< and how many of them have been served.
    std::chrono::milliseconds interval_;
    WatcherStatus status_;
    std::map<std::string, WatchedFileStatus> file_status_;

    CommitQueue queue_;
    std::thread thread_;
};

Watcher::Run::Run(events::EventLog& log, core::Clock const& clock, Rejects& rejects, WatcherOptions options)
    : log_{log},
      clock_{clock},
      options_{std::move(options)},
      files_{options_.root, options_.files, options_.max_line_bytes},
      batch_{clock, rejects},
      interval_{options_.poll_interval},
      queue_{log, [this] { wake(); }},
      thread_{[this] {
          async::name_this_thread("watcher");
          run();
      }} {}

void Watcher::Run::run() {
    while (!stopping() && !load_places()) wait(Steady::now() + std::chrono::seconds{1}, [] { return false; });
    while (!stopping()) {
        std::uint64_t asked = 0;
        {
            std::scoped_lock const lock{mutex_};
            asked = asked_;
        }
        bool const leaving = read_all();
        flush();
        batch_.settle_notes();
        bool const urgent = [&] {
            std::scoped_lock const lock{mutex_};
            return asked > answered_;
        }();
        if (leaving && urgent) continue;  // whoever asked wants the next file too
        if (urgent) wait(Steady::time_point::max(), [this] { return queue_.size() == 0; });
        {
            std::scoped_lock const lock{mutex_};
            answered_ = asked;
            status_.last_pass = clock_.now();
            changed_.notify_all();
        }
        auto const interval = [&] {
            std::scoped_lock const lock{mutex_};
            return interval_;
        }();
        auto const next = Steady::now() + (leaving ? std::min(soon, interval) : interval);
        wait(next, [this, asked, interval] { return asked_ > asked || interval_ != interval; });
    }
}

/// Waits until `ready`, which is asked under the lock; keeps the commits going meanwhile.
template <class Ready>
void Watcher::Run::wait(Steady::time_point until, Ready ready) {
    while (true) {
        queue_.pump();
        auto const retry = queue_.retry_at();
        auto const wake_at = retry ? std::min(until, *retry) : until;
        std::unique_lock lock{mutex_};
        if (stopping_ || ready() || Steady::now() >= until) return;
        auto const signalled = [this] { return signalled_ || stopping_; };
        if (wake_at == Steady::time_point::max()) {
            changed_.wait(lock, signalled);
        } else {
            changed_.wait_until(lock, wake_at, signalled);
        }
        signalled_ = false;
    }
}

void Watcher::Run::wake() {
    std::scoped_lock const lock{mutex_};
    signalled_ = true;
    changed_.notify_all();
}

bool Watcher::Run::stopping() const {
    std::scoped_lock const lock{mutex_};
    return stopping_;
}

bool Watcher::Run::load_places() {
    auto const cursors = log_.cursors(WatchedFiles::cursor_name(""));
    if (!cursors) {
        spdlog::warn("the watcher cannot read its places: {}", cursors.error().message);
        return false;
    }
    std::map<std::string, io::FilePlace> places;
    for (auto const& cursor : *cursors) {
        auto const place = io::parse_place(cursor.value);
        if (place) places.emplace(cursor.name.substr(WatchedFiles::cursor_name("").size()), *place);
        if (!place) spdlog::warn("{}: {}; the file is read from its beginning", cursor.name, place.error().message);
    }
    files_.load(std::move(places));
    return true;
}

/// Reads everything there is. True when a file is about to be left for its successor.
bool Watcher::Run::read_all() {
    bool leaving = false;
    rescan();
    while (!stopping()) {
        leaving = false;
        bool const more = read_files(leaving);
        if (rescan_) rescan();
        if (!more) break;
    }
    note_files();
    return leaving;
}

/// All places that change with a rename change in one commit: nothing is flushed in between.
void Watcher::Run::rescan() {
    rescan_ = false;
    files_.scan();
    batch_.add_moves(files_.moves());
    read_orphans();
}

bool Watcher::Run::read_files(bool& leaving) {
    bool more = false;
    for (auto& [name, file] : files_.files()) {
        if (file.copy) continue;
        auto const outcome = read_turn(name, file);
        more = more || outcome == LineFile::Outcome::More;
        leaving = leaving || outcome == LineFile::Outcome::Leaving;
        if (rescan_) return true;
    }
    return more;
}

LineFile::Outcome Watcher::Run::read_turn(std::string const& name, WatchedFile& file) {
    auto outcome = LineFile::Outcome::More;
    for (int i = 0; i < blocks_a_turn && outcome == LineFile::Outcome::More && !stopping(); ++i) {
        auto const before = file.lines.place();
        outcome = read_block(name, file.lines);
        if (before.inode != file.lines.place().inode) rescan_ = files_.opened(name, file, before);
        if (before != file.lines.place()) batch_.add_moves(files_.moves_of(name, file));
        if (rescan_) return outcome;
        flush_if_full();
    }
    return outcome;
}

void Watcher::Run::read_orphans() {
    for (auto& orphan : files_.orphans()) {
        auto const name = orphan.tail().path().filename().string();
        while (!stopping() && read_block(name, orphan) == LineFile::Outcome::More) flush_if_full();
    }
    files_.forget_orphans();
}

LineFile::Outcome Watcher::Run::read_block(std::string const& name, LineFile& lines) {
    auto const outcome = lines.read_block([&](Line const& line, std::uint64_t offset, bool torn) {
        batch_.add_line(name, lines.place().inode, line, offset, torn);
    });
    std::scoped_lock const lock{mutex_};
    auto& status = file_status_[name];
    auto const error = outcome ? std::string{} : outcome.error().message;
    if (error != status.last_error && !error.empty()) spdlog::warn("{}: {}", name, error);
    status.last_error = error;
    return outcome.value_or(LineFile::Outcome::Idle);
}

void Watcher::Run::flush_if_full() {
    if (batch_.events() >= options_.batch_events || batch_.bytes() >= options_.batch_bytes) flush();
}

void Watcher::Run::flush() {
    if (batch_.empty()) return;
    wait(Steady::time_point::max(), [this] { return queue_.size() < most_commits_waiting; });
    if (stopping()) return;  // dropped: the next run reads it again
    auto batch = batch_.take();
    queue_.push(std::move(batch.first), [this, counts = std::move(batch.second)](events::CommitResult const& result) {
        landed(counts, result);
    });
}

void Watcher::Run::landed(BatchCounts const& counts, events::CommitResult const& result) {
    std::scoped_lock const lock{mutex_};
    status_.repeats += result.repeats;
    for (auto const& [name, count] : counts) {
        auto& status = file_status_[name];
        status.lines += count.lines;
        status.events += count.events;
        status.rejects += count.rejects;
        status.last_success = clock_.now();
    }
}

void Watcher::Run::note_files() {
    std::scoped_lock const lock{mutex_};
    for (auto const& [name, file] : files_.files()) {
        auto& status = file_status_[name];
        auto const& tail = file.lines.tail();
        status.present = static_cast<bool>(tail.file()) || file.copy;
        status.offset = file.place().offset;
        status.size = file.copy ? status.offset : tail.size();
        status.lag_bytes = status.size - std::min(status.size, status.offset);
    }
    std::erase_if(file_status_, [this](auto const& entry) { return !files_.files().contains(entry.first); });
}

bool Watcher::Run::poll_now(std::chrono::milliseconds guard) {
    std::unique_lock lock{mutex_};
    auto const mine = ++asked_;
    signalled_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, guard, [&] { return answered_ >= mine || stopping_; });
    return answered_ >= mine;
}

void Watcher::Run::set_poll_interval(std::chrono::milliseconds interval) {
    std::scoped_lock const lock{mutex_};
    interval_ = interval;
    signalled_ = true;
    changed_.notify_all();
}

WatcherStatus Watcher::Run::status() const {
    auto const fault = queue_.fault();
    auto const waiting = queue_.size();
    std::scoped_lock const lock{mutex_};
    auto status = status_;
    status.log_fault = fault;
    status.commits_waiting = waiting;
    for (auto const& [name, file] : file_status_) {
        status.files.push_back(file);
        status.files.back().file = name;
    }
    return status;
}

void Watcher::Run::stop() {
    {
        std::scoped_lock const lock{mutex_};
        stopping_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
    queue_.close();
}

Watcher::Watcher(events::EventLog& log, core::Clock const& clock, Rejects& rejects, WatcherOptions options)
    : run_{std::make_unique<Run>(log, clock, rejects, std::move(options))} {}
Watcher::~Watcher() = default;

bool Watcher::poll_now(std::chrono::milliseconds guard) {
    return run_->poll_now(guard);
}
void Watcher::set_poll_interval(std::chrono::milliseconds interval) {
    run_->set_poll_interval(interval);
}
WatcherStatus Watcher::status() const {
    return run_->status();
}
void Watcher::stop() {
    run_->stop();
}

}  // namespace macp::ingest
