#pragma once

#include "core/filter.hpp"
#include "events/event_log.hpp"
#include "events/names.hpp"
#include "io/sqlite.hpp"

#include <string>
#include <unordered_map>

namespace macp::events {

/// Picks the rows of one page: which index to walk, and what passes. Threads: one.
///
/// Exact subjects walk (subject, seq), a handful of types (type_id, seq); anything else the table. What the index does
/// not settle is looked at row by row. Names are judged once a number, not once a row.
class LogQuery {
public:
    LogQuery(core::Filter const& filter, Names const& sources, Names const& types);

    /// Nothing in the log can pass.
    [[nodiscard]] bool hopeless() const noexcept { return hopeless_; }
    /// SQL that answers the positions of candidates in (?1, ?2] in order, from an index; empty: walk the table.
    [[nodiscard]] std::string const& candidates() const noexcept { return candidates_; }
    /// Binds what `candidates` asks for beside the range.
    void bind(io::Statement& statement) const;

    /// Takes the row, in the column order below, when it passes.
    [[nodiscard]] bool pick(io::Statement const& row, core::NewEvent& event);
    static constexpr std::string_view columns = "seq, source_id, type_id, id, subject, time_us, extensions, data";

private:
    struct Verdict {
        std::string_view text{};
        bool passes = false;
    };
    using Verdicts = std::unordered_map<Names::Id, Verdict>;

    static Verdict const& judge(
        Verdicts& verdicts, Names const& names, std::vector<std::string> const& globs, Names::Id id
    );
    void choose_index();

    core::Filter const& filter_;
    core::Filter rest_{};  ///< What the names do not settle: subjects and fields.
    Names const& source_names_;
    Names const& type_names_;
    Verdicts sources_;
    Verdicts types_;
    std::vector<Names::Id> type_ids_;
    std::string candidates_;
    bool by_subject_ = false;
    bool hopeless_ = false;
};

}  // namespace macp::events
