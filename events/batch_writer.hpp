#pragma once

#include "core/result.hpp"
#include "core/time.hpp"
#include "events/chunk.hpp"
#include "events/commit_queue.hpp"
#include "events/names.hpp"
#include "events/row_table.hpp"
#include "io/sqlite.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace macp::events {

/// Runs batches of commits, each batch as one transaction. Threads: the log's only.
class BatchWriter {
public:
    /// What became of a batch.
    struct Outcome {
        std::vector<core::Result<CommitResult>> results{};  ///< One a commit, in order.
        std::vector<ChunkPtr> chunks{};                     ///< The new events, to be published.
        std::uint64_t appended = 0;
        std::uint64_t repeats = 0;
        std::optional<core::Error> fault{};  ///< Why the transaction failed; nothing: it is durable.
    };

    /// `last`: the newest position in the log. Errors: those of the database.
    [[nodiscard]] static core::Result<BatchWriter> open(
        io::Database& database, Names& sources, Names& types, RowTable& rows, core::Clock const& clock, core::Seq last
    );

    /// A commit that fails by its own fault fails alone; a failing disk fails them all, and nothing has happened.
    [[nodiscard]] Outcome run(std::span<PendingCommit> batch);

    [[nodiscard]] core::Seq last() const noexcept { return last_; }

private:
    struct Statements {
        io::Statement begin, end, add_event, find_event, add_source, add_type;
        io::Statement set_cursor, erase_cursor;
    };
    struct Failure {
        std::optional<std::size_t> commit{};  ///< Whose fault it is; nothing: nobody's in the batch.
        core::Error error{};
    };

    BatchWriter(
        io::Database& database, Names& sources, Names& types, RowTable& rows, core::Clock const& clock, core::Seq last
    )
        : database_{&database}, sources_{&sources}, types_{&types}, rows_{&rows}, clock_{&clock}, last_{last} {}

    std::optional<Failure> attempt(std::span<PendingCommit> batch, Outcome& outcome);
    core::Result<CommitResult> apply(Commit const& commit, Outcome& outcome);
    core::Result<void> write_all(Commit const& commit, CommitResult& result, Outcome& outcome);
    core::Result<void> write_once(Commit::Once const& once, CommitResult const& result);
    core::Result<void> append(core::NewEvent const& event, CommitResult& result, Outcome& outcome);
    core::Result<core::Seq> find_repeat(Names::Id source, core::NewEvent const& event);
    core::Result<void> move_cursor(CursorMove const& move);
    void serialise(core::Seq seq, core::NewEvent const& event);
    void finish_chunk(Outcome& outcome);

    io::Database* database_;
    Names* sources_;
    Names* types_;
    RowTable* rows_;
    core::Clock const* clock_;
    core::Seq last_;
    Statements statements_;
    std::shared_ptr<Chunk> chunk_;  ///< Being filled; null between transactions.
};

}  // namespace macp::events
