#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace macp::io {

/// A prepared statement, reused from call to call. Lifetime: its Database must outlive it.
class Statement {
public:
    Statement() = default;

    /// Parameters count from 1. Text and blobs are not copied: they must live until the next `reset`.
    void bind(int index, std::int64_t value);
    void bind(int index, std::string_view text);
    void bind_blob(int index, std::string_view bytes);
    void bind_null(int index);
    /// The value, or NULL when there is none.
    void bind_if(int index, std::optional<std::string> const& text);
    void bind_if(int index, std::optional<std::int64_t> value);

    /// Goes to the next row; false when there is none. Errors: see Database.
    [[nodiscard]] core::Result<bool> step();
    /// Runs a statement that answers no rows, and resets it. Errors: see Database.
    [[nodiscard]] core::Result<void> run();
    /// Ends the run: closes its implied transaction; columns and bound views may go.
    void reset() noexcept;

    /// Columns of the current row, from 0. Views live until the next step or reset.
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::string_view text(int column) const;
    [[nodiscard]] bool is_null(int column) const;

private:
    friend class Database;
    struct Finalise {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };
    void note(int status) noexcept;

    std::unique_ptr<sqlite3_stmt, Finalise> statement_;
    int failed_bind_ = 0;  ///< The first since the last reset; the next step tells.
};

/// Resets a statement at the end of a scope, however that ends.
class ResetLater {
public:
    explicit ResetLater(Statement& statement) : statement_{statement} {}
    ResetLater(ResetLater const&) = delete;
    ResetLater& operator=(ResetLater const&) = delete;
    ~ResetLater() { statement_.reset(); }

private:
    Statement& statement_;
};

/// A connection to a SQLite database. Threads: one at a time.
/// Errors of all members: StorageFull; Corrupt (damaged, or no database); TooLarge (a value over SQLite's own limit);
/// Internal (a statement that breaks the schema: a bug); Unavailable (anything else; the message says what).
class Database {
public:
    enum class Mode { ReadOnly, ReadWrite };
    enum class Checkpoint { Passive, Restart, Truncate };

    Database() = default;

    /// Opens an existing file. `busy_ms`: how long to wait for another connection's lock.
    [[nodiscard]] static core::Result<Database> open(std::filesystem::path const& path, Mode mode, int busy_ms);

    [[nodiscard]] core::Result<void> run(std::string const& sql);
    [[nodiscard]] core::Result<Statement> prepare(std::string_view sql);
    /// The first column of the first row as an integer; 0 when there is no row or it is NULL.
    [[nodiscard]] core::Result<std::int64_t> integer(std::string_view sql);
    [[nodiscard]] core::Result<std::string> text(std::string_view sql);

    /// Rows that the last INSERT, UPDATE or DELETE touched.
    [[nodiscard]] std::int64_t changes() const;
    /// Undoes the open transaction, if there is one.
    void roll_back() noexcept;

    /// Leaves checkpoints to the caller: `wal_pages` counts what the write-ahead log holds after each commit.
    void count_wal_pages();
    [[nodiscard]] int wal_pages() const { return wal_pages_ ? *wal_pages_ : 0; }
    /// Copies the write-ahead log into the database, as far as readers allow.
    [[nodiscard]] core::Result<void> checkpoint(Checkpoint how);

private:
    struct Close {
        void operator()(sqlite3* database) const noexcept;
    };
    std::unique_ptr<int> wal_pages_;  ///< On the heap: SQLite's hook keeps its address.
    std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace macp::io
