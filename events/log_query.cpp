#include "events/log_query.hpp"

#include <algorithm>

namespace macp::events {
namespace {

/// More ranges than this are slower to merge than the table is to walk.
constexpr std::size_t most_ranges = 16;

bool any_matches(std::vector<std::string> const& globs, std::string_view text) {
    return globs.empty() ||
           std::ranges::any_of(globs, [text](auto const& glob) { return core::glob_match(glob, text); });
}

std::vector<Names::Id> resolve(Names const& names, std::vector<std::string> const& globs) {
    return names.matching([&globs](std::string_view text) { return any_matches(globs, text); });
}

/// One range of an index for each value (?3, ?4, …), merged by position.
std::string merge_ranges(std::string const& column, std::string const& index, std::size_t values) {
    std::string sql;
    for (std::size_t i = 0; i < values; ++i) {
        if (i != 0) sql += " UNION ALL ";
        sql.append("SELECT seq FROM events INDEXED BY ").append(index).append(" WHERE ").append(column);
        sql.append(" = ?").append(std::to_string(i + 3)).append(" AND seq > ?1 AND seq <= ?2");
    }
    return sql + " ORDER BY seq";
}

}  // namespace

LogQuery::LogQuery(core::Filter const& filter, Names const& sources, Names const& types)
    : filter_{filter}, source_names_{sources}, type_names_{types} {
    rest_.subjects = filter.subjects;
    rest_.where = filter.where;
    choose_index();
}

void LogQuery::choose_index() {
    if (!filter_.sources.empty() && resolve(source_names_, filter_.sources).empty()) hopeless_ = true;
    if (!filter_.types.empty()) type_ids_ = resolve(type_names_, filter_.types);
    if (!filter_.types.empty() && type_ids_.empty()) hopeless_ = true;

    // The same subject twice would answer its events twice; an empty one is not in the index.
    std::ranges::sort(rest_.subjects);
    rest_.subjects.erase(std::ranges::unique(rest_.subjects).begin(), rest_.subjects.end());
    by_subject_ = !rest_.subjects.empty() && rest_.subjects.size() <= most_ranges &&
                  std::ranges::none_of(rest_.subjects, [](auto const& s) { return s.empty() || core::is_glob(s); });
    if (by_subject_) {
        candidates_ = merge_ranges("subject", "events_by_subject", rest_.subjects.size());
    } else if (!type_ids_.empty() && type_ids_.size() <= most_ranges) {
        candidates_ = merge_ranges("type_id", "events_by_type", type_ids_.size());
    }
}

void LogQuery::bind(io::Statement& statement) const {
    auto const count = by_subject_ ? rest_.subjects.size() : type_ids_.size();
    for (std::size_t i = 0; i < count; ++i) {
        auto const index = static_cast<int>(i + 3);
        by_subject_ ? statement.bind(index, rest_.subjects[i]) : statement.bind(index, type_ids_[i]);
    }
}

LogQuery::Verdict const& LogQuery::judge(
    Verdicts& verdicts, Names const& names, std::vector<std::string> const& globs, Names::Id id
) {
    auto const [found, added] = verdicts.try_emplace(id);
    if (added) {
        auto const text = names.text(id);
        found->second = {.text = text, .passes = any_matches(globs, text)};
    }
    return found->second;
}

bool LogQuery::pick(io::Statement const& row, core::NewEvent& event) {
    auto const& type = judge(types_, type_names_, filter_.types, row.integer(2));
    if (!type.passes) return false;
    auto const& source = judge(sources_, source_names_, filter_.sources, row.integer(1));
    if (!source.passes) return false;
    auto const subject = row.text(4);
    auto const data = row.text(7);
    if (!rest_.passes_all() && !rest_.matches({.subject = subject, .data = data})) return false;
    event.id = row.text(3);
    event.source = source.text;
    event.type = type.text;
    event.subject = subject;
    event.time = core::Time{std::chrono::microseconds{row.integer(5)}};
    event.extensions = row.text(6);
    event.data = data;
    return true;
}

}  // namespace macp::events
