#pragma once

#include "core/result.hpp"
#include "io/sqlite.hpp"

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

namespace macp::events {

/// Folds the write-ahead log into the database whenever it holds enough. Most of it on a thread and a connection of
/// its own, while commits go on; only what they wrote meanwhile is copied between two commits, with which SQLite can
/// start the write-ahead log over. On the log's thread alone the copying held every answer up for 30 to 100 ms.
///
/// Threads: the log's only. Lifetime: the writer's connection must outlive it.
class Checkpoints {
public:
    /// Folds in from `pages` on. Errors: those of io::Database::open.
    [[nodiscard]] static core::Result<std::unique_ptr<Checkpoints>> open(
        io::Database& writer, std::filesystem::path const& path, int busy_ms, int pages
    );

    Checkpoints(Checkpoints const&) = delete;
    Checkpoints& operator=(Checkpoints const&) = delete;
    ~Checkpoints();

    /// To be called after each commit, and after its answers are out.
    void after_commit();

    /// Folds in what can be, at once: what is folded in can be written over, which a full disk needs.
    void fold_now();

private:
    Checkpoints(io::Database& writer, io::Database helper, int pages);

    void work();
    void begin();
    [[nodiscard]] bool running() const;
    void wait();
    void fold_rest();

    io::Database* writer_;
    io::Database helper_;  ///< Used by `thread_` while it runs.
    int pages_;
    bool begun_ = false;  ///< The larger part has been started, and the rest is not yet folded in.

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool running_ = false;
    bool stop_ = false;
    std::thread thread_;
};

}  // namespace macp::events
