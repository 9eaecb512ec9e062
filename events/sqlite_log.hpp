#pragma once

#include "core/time.hpp"
#include "events/batch_writer.hpp"
#include "events/checkpoints.hpp"
#include "events/commit_queue.hpp"
#include "events/event_log.hpp"
#include "events/log_folder.hpp"
#include "events/log_reader.hpp"
#include "events/names.hpp"
#include "events/retention.hpp"
#include "events/row_table.hpp"
#include "events/schema.hpp"
#include "io/sqlite.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace macp::events {

struct SqliteOptions {
    core::Clock const& clock;
    std::filesystem::path path{};
    bool full_sync = true;                            ///< False: a power cut may lose the last commits.
    std::size_t queue_bytes = std::size_t{64} << 20;  ///< What may wait for the writer.
    std::size_t tail_bytes = std::size_t{32} << 20;
    std::chrono::microseconds max_age{0};  ///< 0: events of any age are kept.
    std::uint64_t max_bytes = 0;           ///< Of events; 0: any number of bytes is kept.
    IntegrityCheck integrity_check = IntegrityCheck::Quick;
    std::chrono::milliseconds sweep_interval{10'000};       ///< Between looks at what is too old.
    std::uint64_t reserve_bytes = std::uint64_t{64} << 20;  ///< Set aside for when the disk is full.
    std::uint64_t max_pages = 0;                            ///< Largest database, in pages; 0: no limit. For tests.
    /// Called when retention by bytes went past a cursor. Runs on the log's thread: no blocking, no throwing.
    std::function<void(Overrun const&)> on_overrun{};
};

/// The embedded engine: a SQLite database in WAL mode, written by one thread ("log") that commits whatever has
/// gathered as one transaction.
///
/// The destructor commits what is queued, tells everyone, and folds the write-ahead log in.
/// Lifetime: the clock must outlive it; nobody may be inside a call when it goes.
class SqliteLog final : public EventLog {
public:
    using Options = SqliteOptions;

    /// Opens the log, or makes it. Errors: Conflict (in use by another process, another program's file, a newer
    /// format); Corrupt (the message says what to do); StorageFull; Unavailable.
    [[nodiscard]] static core::Result<std::unique_ptr<SqliteLog>> open(Options options);

    SqliteLog(SqliteLog const&) = delete;
    SqliteLog& operator=(SqliteLog const&) = delete;
    ~SqliteLog() override;

    using EventLog::commit;
    using EventLog::rows;
    [[nodiscard]] std::string const& epoch() const override { return epoch_; }
    void commit(Commit commit, Done done, std::optional<async::Executor> loop) override;
    [[nodiscard]] core::Result<Page> read(core::Seq after, core::Filter const& filter, ReadLimits const& limits)
        override;
    [[nodiscard]] core::Result<core::Seq> before_time(core::Time time) override;
    [[nodiscard]] core::Result<std::optional<std::string>> row(std::string_view space, std::string_view key) override;
    [[nodiscard]] core::Result<std::vector<Row>> rows(
        std::string_view space, std::string_view after, std::size_t limit, std::size_t max_bytes
    ) override;
    [[nodiscard]] core::Result<std::optional<std::string>> cursor(std::string_view name) override;
    [[nodiscard]] core::Result<std::vector<CursorMove>> cursors(std::string_view prefix) override;
    [[nodiscard]] Tail& tail() override { return *tail_; }
    [[nodiscard]] LogStats stats() const override;

private:
    explicit SqliteLog(Options options);

    core::Result<void> set_up();
    core::Result<void> open_database();

    void work();
    void commit_batch(std::vector<PendingCommit> batch);
    void publish(BatchWriter::Outcome const& outcome);
    void tell_fault(core::Error const& fault);
    void note_fault(core::Error const& fault);
    [[nodiscard]] int checkpoint_pages() const;
    void sweep();
    void tell(std::vector<Overrun> const& overruns) const;

    Options options_;
    std::unique_ptr<LogLock> lock_;
    Reserve reserve_;
    bool disk_full_ = false;  ///< The reserve has been let go. The log's thread only.
    io::Database database_;
    std::string epoch_;
    Names sources_;
    Names types_;
    ReaderPool readers_;
    std::unique_ptr<RowTable> rows_;
    std::unique_ptr<BatchWriter> writer_;
    std::unique_ptr<Retention> retention_;
    std::unique_ptr<Checkpoints> checkpoints_;
    std::unique_ptr<Tail> tail_;
    CommitQueue queue_;
    mutable std::mutex stats_mutex_;
    LogStats stats_;
    std::chrono::steady_clock::time_point next_sweep_;
    std::uint64_t unswept_bytes_ = 0;  ///< Appended since the last sweep.
    bool sweep_failed_ = false;        ///< And it was said.
    std::thread thread_;
};

}  // namespace macp::events
