#pragma once

#include "core/time.hpp"
#include "events/event_log.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
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
};

/// The refused, kept in the log's rows (space `rejects`, key = id in order of time), the oldest dropped beyond `keep`.
/// Threads: safe from anywhere; `log` must outlive it.
class Rejects {
public:
    static constexpr std::string_view space = "rejects";
    static constexpr std::size_t kept_bytes = std::size_t{64} << 10;  ///< Of the text of each.

    explicit Rejects(events::EventLog& log, std::size_t keep = 10'000) : log_{log}, keep_{keep} {}

    /// Adds the row and the event `ingest.rejected` to a commit. Returns the reject's id.
    /// The event's id follows from file, offset and text: the same line refused again after a crash is a repeat.
    std::string add(events::Commit& commit, Reject const& reject);

private:
    void load();

    events::EventLog& log_;
    std::size_t keep_;
    std::mutex mutex_;
    bool loaded_ = false;
    std::deque<std::string> keys_;  ///< Of the rows, oldest first.
};

/// Rejects after the id `after`, oldest first: each row's value is a JSON object {id, file, offset, reason, bytes,
/// text, text_base64 (when the text is not UTF-8), truncated, received, door}. Blocks on the disk.
[[nodiscard]] core::Result<std::vector<events::Row>> list_rejects(
    events::EventLog& log, std::string_view after, std::size_t limit
);

/// Reads the text of a reject again; when it is an event now, appends it and drops the reject in one commit.
/// Returns the event's position. Blocks on the disk.
/// Errors: NotFound; Conflict when not all of the text was kept; BadJson, InvalidField when it is still wrong.
[[nodiscard]] core::Result<core::Seq> retry_reject(
    events::EventLog& log, core::Clock const& clock, std::string_view id
);

}  // namespace macp::ingest
