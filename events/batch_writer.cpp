#include "events/batch_writer.hpp"

#include <array>
#include <exception>
#include <string>
#include <utility>

namespace macp::events {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{1} << 20;

std::int64_t stored(core::Seq seq) {
    return static_cast<std::int64_t>(seq);
}
std::int64_t stored(core::Time time) {
    return time.time_since_epoch().count();
}

/// Whether a failure is the doing of the commit at hand, so that the others may try again without it.
bool own_fault(core::ErrorCode code) {
    return code == core::ErrorCode::TooLarge || code == core::ErrorCode::Internal;
}

/// Refuses a commit before anything is written.
core::Result<CommitResult> check(Commit const& commit) {
    for (auto const& event : commit.events) {
        if (auto const checked = core::check_event(event); !checked) return core::pass_on(checked);
    }
    return {};
}

/// The number of a text, which is added when it is new.
core::Result<Names::Id> name(Names& names, io::Statement& add, std::string const& text) {
    if (auto const known = names.find(text)) return *known;
    auto const id = names.last_id() + 1;
    add.bind(1, id);
    add.bind(2, text);
    if (auto const added = add.run(); !added) return core::pass_on(added);
    // Before the commit: a reader that sees the event must find its names.
    names.add(id, text);
    return id;
}

}  // namespace

core::Result<BatchWriter> BatchWriter::open(
    io::Database& database, Names& sources, Names& types, RowTable& rows, core::Clock const& clock, core::Seq last
) {
    BatchWriter writer{database, sources, types, rows, clock, last};
    auto& statements = writer.statements_;
    auto const wanted = std::to_array<std::pair<io::Statement*, std::string_view>>({
        {&statements.begin, "BEGIN IMMEDIATE"},
        {&statements.end, "COMMIT"},
        {&statements.add_event,
         "INSERT OR IGNORE INTO events (seq, source_id, type_id, id, subject, time_us, extensions, data)"
         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
        {&statements.find_event, "SELECT seq FROM events WHERE source_id = ?1 AND id = ?2"},
        {&statements.add_source, "INSERT INTO sources (id, text) VALUES (?1, ?2)"},
        {&statements.add_type, "INSERT INTO types (id, text) VALUES (?1, ?2)"},
        {&statements.set_cursor, "INSERT OR REPLACE INTO cursors (name, value, holds) VALUES (?1, ?2, ?3)"},
        {&statements.erase_cursor, "DELETE FROM cursors WHERE name = ?1"},
    });
    for (auto const& [statement, sql] : wanted) {
        auto prepared = database.prepare(sql);
        if (!prepared) return core::pass_on(prepared);
        *statement = *std::move(prepared);
    }
    return writer;
}

BatchWriter::Outcome BatchWriter::run(std::span<PendingCommit> batch) {
    Outcome outcome;
    outcome.results.reserve(batch.size());
    for (auto const& pending : batch) outcome.results.push_back(check(pending.commit));
    for (;;) {
        auto const before = std::pair{last_, std::pair{sources_->last_id(), types_->last_id()}};
        auto const failure = attempt(batch, outcome);
        if (!failure) {
            rows_->keep();
            return outcome;
        }
        database_->roll_back();
        rows_->undo();
        last_ = before.first;
        sources_->forget_after(before.second.first);
        types_->forget_after(before.second.second);
        chunk_.reset();
        outcome.chunks.clear();
        outcome.appended = 0;
        outcome.repeats = 0;
        if (failure->commit && own_fault(failure->error.code)) {
            outcome.results[*failure->commit] = tl::unexpected{failure->error};  // and again without this one
            continue;
        }
        for (auto& result : outcome.results) {
            if (result) result = tl::unexpected{failure->error};
        }
        outcome.fault = failure->error;
        return outcome;
    }
}

std::optional<BatchWriter::Failure> BatchWriter::attempt(std::span<PendingCommit> batch, Outcome& outcome) {
    if (auto const begun = statements_.begin.run(); !begun) return Failure{.error = begun.error()};
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (!outcome.results[i]) continue;  // refused, or failed by its own fault in an earlier attempt
        outcome.results[i] = apply(batch[i].commit, outcome);
        if (outcome.results[i]) continue;
        Failure failure{.commit = i, .error = outcome.results[i].error()};
        outcome.results[i] = CommitResult{};
        return failure;
    }
    finish_chunk(outcome);
    if (auto const ended = statements_.end.run(); !ended) return Failure{.error = ended.error()};
    return std::nullopt;
}

core::Result<CommitResult> BatchWriter::apply(Commit const& commit, Outcome& outcome) {
    CommitResult result;
    if (commit.once) {
        auto existing = rows_->find(commit.once->space, commit.once->key, clock_->now());
        if (!existing) return core::pass_on(existing);
        result.existing = *std::move(existing);
        if (result.existing) return result;
    }
    auto written = write_all(commit, result, outcome);
    if (written && commit.once) written = write_once(*commit.once, result);
    if (!written) return core::pass_on(written);
    outcome.repeats += result.repeats;
    return result;
}

core::Result<void> BatchWriter::write_all(Commit const& commit, CommitResult& result, Outcome& outcome) {
    core::Result<void> done;
    result.seqs.reserve(commit.events.size());
    for (std::size_t i = 0; done && i < commit.events.size(); ++i) done = append(commit.events[i], result, outcome);
    for (std::size_t i = 0; done && i < commit.cursors.size(); ++i) done = move_cursor(commit.cursors[i]);
    for (std::size_t i = 0; done && i < commit.rows.size(); ++i) done = rows_->write(commit.rows[i]);
    for (std::size_t i = 0; done && i < commit.trims.size(); ++i) done = rows_->trim(commit.trims[i]);
    return done;
}

core::Result<void> BatchWriter::write_once(Commit::Once const& once, CommitResult const& result) {
    Row row{.space = once.space, .key = once.key};
    try {
        row.value = once.value ? once.value(result) : std::string{};
    } catch (std::exception const&) {
        return core::fail(core::ErrorCode::Internal, "internal error");
    }
    if (once.keep.count() > 0) row.expires = clock_->now() + once.keep;
    return rows_->write(row);
}

core::Result<void> BatchWriter::append(core::NewEvent const& event, CommitResult& result, Outcome& outcome) {
    auto const source = name(*sources_, statements_.add_source, event.source);
    if (!source) return core::pass_on(source);
    auto const type = name(*types_, statements_.add_type, event.type);
    if (!type) return core::pass_on(type);

    auto const seq = last_ + 1;
    auto& add = statements_.add_event;
    add.bind(1, stored(seq));
    add.bind(2, *source);
    add.bind(3, *type);
    add.bind(4, event.id);
    event.subject.empty() ? add.bind_null(5) : add.bind(5, event.subject);
    add.bind(6, stored(event.time));
    event.extensions.empty() ? add.bind_null(7) : add.bind(7, event.extensions);
    event.data.empty() ? add.bind_null(8) : add.bind_blob(8, event.data);
    if (auto const added = add.run(); !added) return added;

    if (database_->changes() == 0) {
        auto const first = find_repeat(*source, event);
        if (!first) return core::pass_on(first);
        result.seqs.push_back(*first);
        ++result.repeats;
        return {};
    }
    last_ = seq;
    ++outcome.appended;
    result.seqs.push_back(seq);
    serialise(seq, event);
    if (chunk_->bytes() >= chunk_bytes) finish_chunk(outcome);
    return {};
}

core::Result<core::Seq> BatchWriter::find_repeat(Names::Id source, core::NewEvent const& event) {
    auto& find = statements_.find_event;
    io::ResetLater const later{find};
    find.bind(1, source);
    find.bind(2, event.id);
    auto const row = find.step();
    if (!row) return core::pass_on(row);
    if (!*row) return core::fail(core::ErrorCode::Internal, "the log refused an event that is no repeat");
    return static_cast<core::Seq>(find.integer(0));
}

core::Result<void> BatchWriter::move_cursor(CursorMove const& move) {
    auto& statement = move.erase ? statements_.erase_cursor : statements_.set_cursor;
    statement.bind(1, move.name);
    if (!move.erase) {
        statement.bind(2, move.value);
        statement.bind_if(3, move.holds ? std::optional{stored(*move.holds)} : std::nullopt);
    }
    return statement.run();
}

void BatchWriter::serialise(core::Seq seq, core::NewEvent const& event) {
    if (!chunk_) chunk_ = std::make_shared<Chunk>();
    chunk_->append(seq, event);
}

void BatchWriter::finish_chunk(Outcome& outcome) {
    if (chunk_) outcome.chunks.push_back(std::exchange(chunk_, nullptr));
}

}  // namespace macp::events
