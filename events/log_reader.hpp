#pragma once

#include "core/filter.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "events/event_log.hpp"
#include "events/names.hpp"
#include "io/sqlite.hpp"

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace macp::events {

class LogQuery;

/// A read-only connection to the log. No transaction stays open between calls. Threads: one at a time.
/// Errors of all members: Unavailable, Corrupt.
class LogReader {
public:
    [[nodiscard]] static core::Result<std::unique_ptr<LogReader>> open(
        std::filesystem::path const& path, Names const& sources, Names const& types
    );

    /// `last`: how far the page may read; everything up to there is committed.
    [[nodiscard]] core::Result<Page> page(
        core::Seq after, core::Filter const& filter, ReadLimits const& limits, core::Seq last
    );
    /// As EventLog::before_time; `last` when no event is that new.
    [[nodiscard]] core::Result<core::Seq> before_time(core::Time time, core::Seq last);
    [[nodiscard]] core::Result<std::optional<std::string>> row(
        std::string_view space, std::string_view key, core::Time now
    );
    [[nodiscard]] core::Result<std::vector<Row>> rows(
        std::string_view space, std::string_view after, std::size_t limit, std::size_t max_bytes, core::Time now
    );
    [[nodiscard]] core::Result<std::optional<std::string>> cursor(std::string_view name);
    [[nodiscard]] core::Result<std::vector<CursorMove>> cursors(std::string_view prefix);

private:
    class Scan;
    LogReader(io::Database database, Names const& sources, Names const& types)
        : database_{std::move(database)}, sources_{sources}, types_{types} {}

    core::Result<Page> read_snapshot(
        core::Seq after, core::Filter const& filter, ReadLimits const& limits, core::Seq last
    );
    /// What retention has taken between `after` and `upto`.
    core::Result<std::optional<core::Gap>> gap_in(core::Seq after, core::Seq upto);
    /// True when the page is full before `upto`.
    core::Result<bool> walk_all(Scan& scan, core::Seq after, core::Seq upto);
    core::Result<bool> walk_candidates(LogQuery const& query, Scan& scan, core::Seq after, core::Seq upto);

    io::Database database_;
    Names const& sources_;
    Names const& types_;
    io::Statement begin_, end_, oldest_, scan_, by_seq_;
};

/// Readers for whoever calls: one each at a time, kept for the next. Threads: safe from anywhere.
class ReaderPool {
public:
    ReaderPool(std::filesystem::path path, Names const& sources, Names const& types)
        : path_{std::move(path)}, sources_{sources}, types_{types} {}

    /// Runs `work(reader)`, which returns a core::Result.
    template <class Work>
    std::invoke_result_t<Work, LogReader&> with(Work work) {
        auto reader = borrow();
        if (!reader) return core::pass_on(reader);
        auto answer = work(**reader);
        // After an error it may be of no more use: the next caller opens another.
        if (answer) give_back(*std::move(reader));
        return answer;
    }

private:
    core::Result<std::unique_ptr<LogReader>> borrow();
    void give_back(std::unique_ptr<LogReader> reader);

    std::filesystem::path path_;
    Names const& sources_;
    Names const& types_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<LogReader>> idle_;
};

}  // namespace macp::events
