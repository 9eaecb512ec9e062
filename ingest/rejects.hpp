#pragma once

#include "core/time.hpp"
#include "events/event_log.hpp"
#include "ingest/cloud_event_headers.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace macp::ingest {

/// A line or body that did not become an event.
struct Reject {
    std::string file{};        ///< The watched file; empty for a body.
    std::uint64_t inode = 0;   ///< Of that file.
    std::uint64_t offset = 0;  ///< Where the line begins in it.
    std::string reason{};
    std::string_view text{};    ///< The bytes themselves, or their beginning.
    std::uint64_t bytes = 0;    ///< How long it was.
    std::string door{"watch"};  ///< `watch`, or method and path of the request.
    core::Time received{};
    std::string content_type{};  ///< Of a body, as its request said; empty: JSON.
    HeaderMap headers{};         ///< Of a body, others that its door reads.
};

/// The refused, kept in the log's rows (space `rejects`, key = id in order of time), bounded in number and in bytes:
/// the oldest are dropped, by the commit that brings the newer ones. Threads: safe from anywhere.
class Rejects {
public:
    static constexpr std::string_view space = "rejects";
    static constexpr std::size_t kept_bytes = std::size_t{64} << 10;  ///< Of the text of each.
    /// On disk, of all together; in a small log a sixteenth of what events may take.
    static constexpr std::uint64_t most_bytes = std::uint64_t{64} << 20;

    explicit Rejects(events::EventLog const& log, std::size_t keep = 10'000);

    /// Adds the row and the event `ingest.rejected` to a commit. Returns the reject's id. Does not block on the disk.
    /// The event's id follows from file, offset and text: the same line refused again after a crash is a repeat.
    std::string add(events::Commit& commit, Reject const& reject);

    /// How many were added since the start, by door.
    using Counts = std::map<std::string, std::uint64_t>;
    [[nodiscard]] Counts counts() const;

private:
    events::Trim bound_;
    mutable std::mutex mutex_;  ///< Guards the counts.
    Counts counts_;
};

/// Rejects after the id `after`, oldest first, at most `limit`; stops after the one that passes `max_bytes`. Each row's
/// value is a JSON object {id, file, offset, reason, bytes, text, or text_base64 when it is not UTF-8, truncated,
/// received, door, content_type when the sender said one, headers when the door reads some}. Blocks on the disk.
[[nodiscard]] core::Result<std::vector<events::Row>> list_rejects(
    events::EventLog& log, std::string_view after, std::size_t limit,
    std::size_t max_bytes = std::numeric_limits<std::size_t>::max()
);

/// Reads a reject again as its door would; when all of it is events now, appends them and drops the reject in one
/// commit. With `once`, a second call finds what the first one stored (`CommitResult::existing`). Blocks on the disk.
/// Errors: NotFound; Conflict when not all of it was kept, or its door is gone; BadJson, InvalidField when it is still
/// wrong; those of the log. Nothing has happened then.
[[nodiscard]] core::Result<events::CommitResult> retry_reject(
    events::EventLog& log, core::Clock const& clock, std::string_view id,
    std::optional<events::Commit::Once> once = std::nullopt
);

}  // namespace macp::ingest
