#include "handlers/event_page.hpp"

#include "core/json.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace macp::handlers {
namespace {

using core::Position;
using core::Result;
using core::Seq;

constexpr std::size_t page_bytes = std::size_t{4} << 20;
constexpr std::size_t lines_bytes = std::size_t{128} << 10;

Result<Seq> seq_of(events::EventLog& log, Position const& position, std::string_view parameter) {
    auto const start = events::resolve(log, position);
    if (!start.gap) return start.after;
    std::string gap = "{";
    core::append_gap_members(gap, *start.gap);
    core::Error error{
        .code = core::ErrorCode::Conflict,
        .message = "the position belongs to another log or lies in the future; this log is " + log.epoch() +
                   " and its last event " + std::to_string(log.tail().last()) + ": read from `start`",
        .field = std::string{parameter},
    };
    error.members.emplace_back("gap", gap + "}");
    return tl::unexpected<core::Error>{std::move(error)};
}

/// `{"gap":{…}}`, a line of its own.
void append_gap(std::string& lines, core::Gap const& gap) {
    lines += R"({"gap":{)";
    core::append_gap_members(lines, gap);
    lines += "}}\n";
}

}  // namespace

Result<Range> resolve_range(events::EventLog& log, core::EventQuery query, Position otherwise) {
    Range range{.filter = std::move(query.filter), .limit = query.limit.value_or(100)};
    if (auto const* time = std::get_if<core::Time>(&query.since)) {
        auto const before = log.before_time(*time);
        if (!before) return core::pass_on(before);
        range.after = *before;
    } else {
        auto const* position = std::get_if<Position>(&query.since);
        auto const after = seq_of(log, position != nullptr ? *position : otherwise, "since");
        if (!after) return core::pass_on(after);
        range.after = *after;
    }
    if (auto const* time = std::get_if<core::Time>(&query.until)) {
        auto const last = log.before_time(*time + std::chrono::microseconds{1});
        if (!last) return core::pass_on(last);
        range.until = *last;
    } else if (auto const* position = std::get_if<Position>(&query.until)) {
        auto const last = seq_of(log, *position, "until");
        if (!last) return core::pass_on(last);
        range.until = *last;
    }
    return range;
}

Result<std::string> read_page(events::EventLog& log, Range const& range) {
    auto const page =
        log.read(range.after, range.filter, {.events = range.limit, .bytes = page_bytes, .until = range.until});
    if (!page) return core::pass_on(page);
    std::string body = R"({"items":[)";
    for (std::size_t i = 0; i < page->events.size(); ++i) {
        if (i != 0) body += ',';
        body += page->events[i].text;
    }
    auto const position = core::json_string(core::format_position(log.epoch(), page->scanned));
    body += R"(],"next_cursor":)" + (page->end ? "null" : position) + R"(,"position":)" + position;
    if (auto const& gap = page->gap) {
        body += R"(,"gap":{)";
        core::append_gap_members(body, *gap);
        body += '}';
    }
    return body + '}';
}

Result<Lines> read_lines(events::EventLog& log, Range& range) {
    Lines lines;
    auto const page =
        log.read(range.after, range.filter, {.events = range.limit, .bytes = lines_bytes, .until = range.until});
    if (!page) return core::pass_on(page);
    if (auto const& gap = page->gap) append_gap(lines.text, *gap);
    for (std::size_t i = 0; i < page->events.size(); ++i) {
        lines.text += page->events[i].text;
        lines.text += '\n';
    }
    range.after = page->scanned;
    range.limit -= std::min(range.limit, page->events.size());
    lines.end = page->end || range.limit == 0;
    return lines;
}

}  // namespace macp::handlers
