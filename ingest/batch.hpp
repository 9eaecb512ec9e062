#pragma once

#include "events/event_log.hpp"
#include "ingest/event_line.hpp"
#include "ingest/line_reader.hpp"
#include "ingest/reject_notes.hpp"
#include "ingest/rejects.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace macp::ingest {

/// What a batch holds of one file.
struct BatchCount {
    std::uint64_t lines = 0;
    std::uint64_t events = 0;
    std::uint64_t rejects = 0;
};
using BatchCounts = std::map<std::string, BatchCount>;  ///< By the file's name.

/// Gathers lines into the next commit: events, rejects, and the places behind them. Threads: one at a time.
class BatchBuilder {
public:
    BatchBuilder(core::Clock const& clock, Rejects& rejects) : clock_{clock}, rejects_{rejects}, notes_{clock} {}

    /// `torn`: the file ended before the line did.
    void add_line(std::string const& file, std::uint64_t inode, Line const& line, std::uint64_t offset, bool torn);
    /// The last move of a cursor counts.
    void add_moves(std::vector<events::CursorMove> moves);

    [[nodiscard]] bool empty() const { return commit_.events.empty() && commit_.rows.empty() && moves_.empty(); }
    [[nodiscard]] std::size_t events() const { return commit_.events.size(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

    /// To be called now and then: tells of refused lines that had no warning of their own.
    void settle_notes() { notes_.settle(); }

    /// Hands the batch over and begins the next one.
    [[nodiscard]] std::pair<events::Commit, BatchCounts> take();

private:
    core::Clock const& clock_;
    Rejects& rejects_;
    RejectNotes notes_;
    LineParser parser_;
    EventDefaults defaults_{.source = "/orchestrator/events"};
    events::Commit commit_;
    std::map<std::string, events::CursorMove> moves_;
    BatchCounts counts_;
    std::size_t bytes_ = 0;
};

}  // namespace macp::ingest
