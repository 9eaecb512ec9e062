#include "io/sqlite.hpp"

#include <cerrno>
#include <sqlite3.h>

namespace macp::io {
namespace {

core::ErrorCode code_of(int status, int system_error) {
    bool const no_space = system_error == ENOSPC || system_error == EDQUOT;
    switch (status & 0xff) {
        case SQLITE_FULL:
            return core::ErrorCode::StorageFull;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
            return no_space ? core::ErrorCode::StorageFull : core::ErrorCode::Unavailable;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return core::ErrorCode::Corrupt;
        case SQLITE_TOOBIG:
            return core::ErrorCode::TooLarge;
        case SQLITE_ERROR:
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
        case SQLITE_MISUSE:
        case SQLITE_RANGE:
            return core::ErrorCode::Internal;
        default:
            return core::ErrorCode::Unavailable;
    }
}

tl::unexpected<core::Error> explain(sqlite3* database, int status) {
    auto const code = code_of(status, sqlite3_system_errno(database));
    if (code == core::ErrorCode::StorageFull) {
        return core::fail(code, "the disk that holds the database is full: free some space");
    }
    return core::fail(code, std::string{"the database: "} + sqlite3_errmsg(database));
}

char const* address(std::string_view text) {
    return text.data() == nullptr ? "" : text.data();  // a null pointer would bind NULL
}

}  // namespace

void Statement::Finalise::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_finalize(statement);
}

void Statement::note(int status) noexcept {
    if (status != SQLITE_OK && failed_bind_ == SQLITE_OK) failed_bind_ = status;
}

void Statement::bind(int index, std::int64_t value) {
    note(sqlite3_bind_int64(statement_.get(), index, value));
}

void Statement::bind(int index, std::string_view text) {
    note(sqlite3_bind_text64(statement_.get(), index, address(text), text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind_blob(int index, std::string_view bytes) {
    note(sqlite3_bind_blob64(statement_.get(), index, address(bytes), bytes.size(), SQLITE_STATIC));
}

void Statement::bind_null(int index) {
    note(sqlite3_bind_null(statement_.get(), index));
}

void Statement::bind_if(int index, std::optional<std::string> const& text) {
    text ? bind(index, std::string_view{*text}) : bind_null(index);
}

void Statement::bind_if(int index, std::optional<std::int64_t> value) {
    value ? bind(index, *value) : bind_null(index);
}

core::Result<bool> Statement::step() {
    auto const status = failed_bind_ != SQLITE_OK ? failed_bind_ : sqlite3_step(statement_.get());
    if (status == SQLITE_ROW) return true;
    if (status == SQLITE_DONE) return false;
    return explain(sqlite3_db_handle(statement_.get()), status);
}

core::Result<void> Statement::run() {
    auto const stepped = step();
    reset();
    if (!stepped) return core::pass_on(stepped);
    return {};
}

void Statement::reset() noexcept {
    sqlite3_reset(statement_.get());
    failed_bind_ = SQLITE_OK;
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
    auto const* bytes = static_cast<char const*>(sqlite3_column_blob(statement_.get(), column));
    if (bytes == nullptr) return {};
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void Database::Close::operator()(sqlite3* database) const noexcept {
    sqlite3_close_v2(database);
}

core::Result<Database> Database::open(std::filesystem::path const& path, Mode mode, int busy_ms) {
    // Counting every allocation takes a lock that all connections share.
    [[maybe_unused]] static int const uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    auto const flags = (mode == Mode::ReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX;
    sqlite3* handle = nullptr;
    auto const status = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    Database database;
    database.database_.reset(handle);
    if (status != SQLITE_OK) return explain(handle, status);
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, busy_ms);
    return database;
}

core::Result<void> Database::run(std::string const& sql) {
    auto const status = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (status != SQLITE_OK) return explain(database_.get(), status);
    return {};
}

core::Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* handle = nullptr;
    auto const status = sqlite3_prepare_v3(
        database_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &handle, nullptr
    );
    Statement statement;
    statement.statement_.reset(handle);
    if (status != SQLITE_OK) return explain(database_.get(), status);
    return statement;
}

core::Result<std::int64_t> Database::integer(std::string_view sql) {
    auto statement = prepare(sql);
    if (!statement) return core::pass_on(statement);
    auto const row = statement->step();
    if (!row) return core::pass_on(row);
    return *row ? statement->integer(0) : 0;
}

core::Result<std::string> Database::text(std::string_view sql) {
    auto statement = prepare(sql);
    if (!statement) return core::pass_on(statement);
    auto const row = statement->step();
    if (!row) return core::pass_on(row);
    return *row ? std::string{statement->text(0)} : std::string{};
}

std::int64_t Database::changes() const {
    return sqlite3_changes64(database_.get());
}

void Database::roll_back() noexcept {
    // A full disk or an I/O error may have undone it already.
    if (sqlite3_get_autocommit(database_.get()) == 0) {
        sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

void Database::count_wal_pages() {
    wal_pages_ = std::make_unique<int>(0);
    auto const count = [](void* pages, sqlite3*, char const*, int written) {
        *static_cast<int*>(pages) = written;
        return SQLITE_OK;
    };
    sqlite3_wal_hook(database_.get(), count, wal_pages_.get());
}

core::Result<void> Database::checkpoint(Checkpoint how) {
    auto const mode = how == Checkpoint::Passive   ? SQLITE_CHECKPOINT_PASSIVE
                      : how == Checkpoint::Restart ? SQLITE_CHECKPOINT_RESTART
                                                   : SQLITE_CHECKPOINT_TRUNCATE;
    auto const status = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, mode, nullptr, nullptr);
    if (status != SQLITE_OK) return explain(database_.get(), status);
    return {};
}

}  // namespace macp::io
