#include "events/sqlite_log.hpp"

#include "async/thread_name.hpp"
#include "events/answers.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace macp::events {
namespace {

constexpr std::size_t transaction_bytes = std::size_t{8} << 20;
constexpr std::size_t transaction_events = 20'000;
// 10,000 posts a second: 930 transactions instead of 1650, and 70 % of the bytes written.
constexpr std::chrono::microseconds gather{1000};
constexpr int busy_ms = 10'000;
// A batch of 4096 events of 5000 subjects: 4096-byte pages cost 25 % more CPU, 16384 nothing less.
constexpr std::uint64_t page_bytes = 8192;
// Between checkpoints. Pages of the indexes are written again and again: 16 MiB took 15 to 30 % more time.
constexpr std::uint64_t most_wal_bytes = std::uint64_t{32} << 20;
constexpr std::uint64_t sweep_bytes = std::uint64_t{4} << 20;

std::size_t size_of(Commit const& commit) {
    std::size_t bytes = sizeof(Commit);
    for (auto const& event : commit.events) bytes += core::event_size_hint(event);
    for (auto const& cursor : commit.cursors) bytes += sizeof cursor + cursor.name.size() + cursor.value.size();
    for (auto const& row : commit.rows) {
        bytes += sizeof row + row.space.size() + row.key.size() + (row.value ? row.value->size() : 0);
    }
    return bytes;
}

core::Error disk_is_full() {
    return {.code = core::ErrorCode::StorageFull, .message = "the disk of the event log is full: free some space"};
}

/// Says which file it is about, and what to do when it is damaged.
core::Error about(std::filesystem::path const& path, core::Error error) {
    error.message = "the event log " + path.string() + ": " + error.message;
    if (error.code == core::ErrorCode::Corrupt) {
        error.message +=
            ". It is damaged and was left as it is: restore it from a backup, try `sqlite3 FILE .recover`, or move it "
            "aside (with its -wal file) to begin a new log";
    }
    return error;
}

}  // namespace

SqliteLog::SqliteLog(Options options)
    : options_{std::move(options)},
      reserve_{options_.path, options_.reserve_bytes},
      readers_{options_.path, sources_, types_},
      queue_{options_.queue_bytes, gather},
      next_sweep_{std::chrono::steady_clock::now() + options_.sweep_interval} {}

core::Result<std::unique_ptr<SqliteLog>> SqliteLog::open(Options options) {
    std::error_code unresolved;
    auto const path = std::filesystem::weakly_canonical(options.path, unresolved);
    if (!unresolved) options.path = path;
    if (auto const made = make_database_file(options.path); !made) return core::pass_on(made);
    auto lock = LogLock::take(options.path);
    if (!lock) return core::pass_on(lock);

    std::unique_ptr<SqliteLog> log{new SqliteLog{std::move(options)}};
    log->lock_ = std::make_unique<LogLock>(*std::move(lock));
    auto ready = log->set_up();
    if (!ready && ready.error().code == core::ErrorCode::StorageFull) {
        log->reserve_.release();  // reading an existing log takes a little space, too
        ready = log->set_up();
    }
    if (!ready) return tl::unexpected{about(log->options_.path, ready.error())};
    log->thread_ = std::thread{[raw = log.get()] { raw->work(); }};
    return log;
}

core::Result<void> SqliteLog::set_up() {
    if (auto const opened = open_database(); !opened) return opened;
    auto epoch = prepare_schema(database_);
    if (!epoch) return core::pass_on(epoch);
    epoch_ = *std::move(epoch);
    sources_.forget_after(0);
    types_.forget_after(0);
    if (auto const loaded = load_names(database_, "sources", "source_id", sources_); !loaded) return loaded;
    if (auto const loaded = load_names(database_, "types", "type_id", types_); !loaded) return loaded;

    auto const newest = database_.integer("SELECT max(seq) FROM events");
    if (!newest) return core::pass_on(newest);
    auto const last = static_cast<core::Seq>(*newest);
    auto rows = RowTable::open(database_);
    if (!rows) return core::pass_on(rows);
    rows_ = std::make_unique<RowTable>(*std::move(rows));
    auto writer = BatchWriter::open(database_, sources_, types_, *rows_, options_.clock, last);
    if (!writer) return core::pass_on(writer);
    writer_ = std::make_unique<BatchWriter>(*std::move(writer));
    Retention::Bounds const bounds{.max_age = options_.max_age, .max_bytes = options_.max_bytes};
    auto retention = Retention::open(database_, *rows_, sources_, types_, bounds);
    if (!retention) return core::pass_on(retention);
    retention_ = std::make_unique<Retention>(*std::move(retention));
    auto const bytes = retention_->live_bytes();
    if (!bytes) return core::pass_on(bytes);

    tail_ = std::make_unique<Tail>(last, options_.tail_bytes);
    stats_.oldest = retention_->oldest();
    stats_.last = last;
    stats_.bytes = *bytes;
    stats_.row_bytes = rows_->bytes();
    stats_.limit_bytes = options_.max_bytes;
    stats_.queue_limit_bytes = options_.queue_bytes;
    if (!reserve_.take()) note_fault(disk_is_full());
    auto checkpoints = Checkpoints::open(database_, options_.path, busy_ms, checkpoint_pages());
    if (!checkpoints) return core::pass_on(checkpoints);
    checkpoints_ = *std::move(checkpoints);
    return {};
}

core::Result<void> SqliteLog::open_database() {
    auto database = io::Database::open(options_.path, io::Database::Mode::ReadWrite, busy_ms);
    if (!database) return core::pass_on(database);
    checkpoints_.reset();
    writer_.reset();
    retention_.reset();
    rows_.reset();
    database_ = *std::move(database);
    // Checked first: neither a damaged file nor another program's may be written to.
    if (auto const sound = check_integrity(database_, options_.integrity_check); !sound) return sound;
    if (auto const ours = check_owner(database_); !ours) return ours;
    auto pragmas = "PRAGMA page_size = " + std::to_string(page_bytes) + ";";
    pragmas +=
        "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384;"
        "PRAGMA temp_store = MEMORY; PRAGMA secure_delete = OFF;";
    pragmas += options_.full_sync ? "PRAGMA synchronous = FULL;" : "PRAGMA synchronous = NORMAL;";
    if (options_.max_pages != 0) pragmas += "PRAGMA max_page_count = " + std::to_string(options_.max_pages) + ";";
    if (auto const set = database_.run(pragmas); !set) return set;
    database_.count_wal_pages();
    return {};
}

SqliteLog::~SqliteLog() {
    queue_.close();
    if (thread_.joinable()) thread_.join();
    if (!writer_) return;
    checkpoints_.reset();
    auto const folded = database_.checkpoint(io::Database::Checkpoint::Truncate);
    if (!folded) spdlog::warn("the event log's write-ahead log stays for the next start: {}", folded.error().message);
}

void SqliteLog::commit(Commit commit, Done done, std::optional<async::Executor> loop) {
    auto const bytes = size_of(commit);
    PendingCommit pending{.commit = std::move(commit), .done = std::move(done), .loop = loop, .bytes = bytes};
    if (queue_.push(pending)) return;
    auto const full = core::fail_for_now(
        core::ErrorCode::Overloaded, "too much is waiting to be stored: try again", std::chrono::seconds{1}
    );
    Answers answers;
    answers.add(std::move(pending), full);
    answers.send();
}

void SqliteLog::work() {
    async::name_this_thread("log");
    while (!queue_.done()) {
        auto batch = queue_.take(transaction_bytes, transaction_events, next_sweep_);
        if (!batch.empty()) commit_batch(std::move(batch));
        if (unswept_bytes_ >= sweep_bytes || std::chrono::steady_clock::now() >= next_sweep_) sweep();
    }
}

void SqliteLog::commit_batch(std::vector<PendingCommit> batch) {
    if (disk_full_ && !reserve_.take()) {
        auto const full = disk_is_full();
        tell_fault(full);
        Answers answers;
        for (auto& pending : batch) answers.add(std::move(pending), tl::unexpected{full});
        answers.send();
        return;
    }
    disk_full_ = false;
    auto outcome = writer_->run(batch);
    if (outcome.fault) note_fault(*outcome.fault);
    publish(outcome);
    Answers answers;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        unswept_bytes_ += batch[i].bytes;
        answers.add(std::move(batch[i]), std::move(outcome.results[i]));
    }
    answers.send();
    checkpoints_->after_commit();
}

void SqliteLog::publish(BatchWriter::Outcome const& outcome) {
    if (!outcome.fault) {
        if (retention_->oldest() == 0 && writer_->last() != 0) retention_->begin_at(1);
        std::unique_lock lock{stats_mutex_};
        bool const recovered = stats_.fault.has_value();
        stats_.fault.reset();
        stats_.row_bytes = rows_->bytes();
        stats_.last_commit = options_.clock.now();
        stats_.oldest = retention_->oldest();
        stats_.last = writer_->last();
        ++stats_.commits;
        stats_.appended += outcome.appended;
        stats_.repeats += outcome.repeats;
        lock.unlock();  // a slow disk under the gateway's own log must not hold up who asks for these
        if (recovered) spdlog::info("the event log takes commits again");
    }
    for (auto const& chunk : outcome.chunks) tail_->publish(chunk);
}

void SqliteLog::tell_fault(core::Error const& fault) {
    std::unique_lock lock{stats_mutex_};
    bool const news = !stats_.fault;
    stats_.fault = fault;
    lock.unlock();
    if (news) spdlog::error("the event log refuses commits: {}", fault.message);
}

void SqliteLog::note_fault(core::Error const& fault) {
    tell_fault(fault);
    if (fault.code != core::ErrorCode::StorageFull) return;
    // Lets a checkpoint and retention make room in the space set aside; the next commit must get it back first.
    disk_full_ = true;
    reserve_.release();
    next_sweep_ = std::chrono::steady_clock::now();
}

int SqliteLog::checkpoint_pages() const {
    // Half of what is set aside (and half as much again may gather meanwhile): on a full disk a checkpoint must find
    // room for as much as the log of it holds, before retention can write to it again.
    auto const bytes = std::clamp(reserve_.bytes() / 2, std::uint64_t{64} * page_bytes, most_wal_bytes);
    return static_cast<int>(bytes / page_bytes);
}

void SqliteLog::sweep() {
    auto const now = std::chrono::steady_clock::now();
    if (disk_full_) checkpoints_->fold_now();
    auto const step = retention_->step(options_.clock.now(), writer_->last());
    auto const bytes = retention_->live_bytes();
    unswept_bytes_ = 0;
    // Right after the commits that wait by now, when there is more; not in a tight loop, when it failed.
    next_sweep_ = step && step->more ? now : now + options_.sweep_interval;
    if (!step && !sweep_failed_) spdlog::warn("retention of the event log fails: {}", step.error().message);
    sweep_failed_ = !step.has_value();

    {
        std::scoped_lock const lock{stats_mutex_};
        stats_.oldest = retention_->oldest();
        if (bytes) stats_.bytes = *bytes;
        stats_.row_bytes = rows_->bytes();
        if (step) stats_.overruns += step->overruns.size();
    }
    if (step) tell(step->overruns);
}

void SqliteLog::tell(std::vector<Overrun> const& overruns) const {
    for (auto const& overrun : overruns) {
        auto const& [cursor, missed] = overrun;
        spdlog::debug("retention took events {} to {} from the cursor {}", missed.from, missed.to, cursor);
        if (options_.on_overrun) options_.on_overrun(overrun);
    }
}

core::Result<Page> SqliteLog::read(core::Seq after, core::Filter const& filter, ReadLimits const& limits) {
    auto const last = tail_->last();
    return readers_.with([&](LogReader& reader) { return reader.page(after, filter, limits, last); });
}

core::Result<core::Seq> SqliteLog::before_time(core::Time time) {
    auto const last = tail_->last();
    return readers_.with([&](LogReader& reader) { return reader.before_time(time, last); });
}

core::Result<std::optional<std::string>> SqliteLog::row(std::string_view space, std::string_view key) {
    return readers_.with([&](LogReader& reader) { return reader.row(space, key, options_.clock.now()); });
}

core::Result<std::vector<Row>> SqliteLog::rows(
    std::string_view space, std::string_view after, std::size_t limit, std::size_t max_bytes
) {
    auto const now = options_.clock.now();
    return readers_.with([&](LogReader& reader) { return reader.rows(space, after, limit, max_bytes, now); });
}

core::Result<std::optional<std::string>> SqliteLog::cursor(std::string_view name) {
    return readers_.with([&](LogReader& reader) { return reader.cursor(name); });
}

core::Result<std::vector<CursorMove>> SqliteLog::cursors(std::string_view prefix) {
    return readers_.with([&](LogReader& reader) { return reader.cursors(prefix); });
}

LogStats SqliteLog::stats() const {
    auto const levels = queue_.levels();
    std::scoped_lock const lock{stats_mutex_};
    auto stats = stats_;
    stats.queue_bytes = levels.now;
    stats.queue_high_bytes = levels.high;
    return stats;
}

}  // namespace macp::events
