#include "ingest/rejects.hpp"

#include "core/id.hpp"
#include "core/json.hpp"
#include "ingest/base64.hpp"
#include "ingest/event_body.hpp"
#include "ingest/event_line.hpp"
#include "io/file_place.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace macp::ingest {
namespace {

constexpr std::size_t most_reason_bytes = 1024;

/// The first `most` bytes, without a character that this would split.
std::string_view beginning(std::string_view text, std::size_t most) {
    text = text.substr(0, most);
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
        auto const byte = static_cast<unsigned char>(text[text.size() - back]);
        if ((byte & 0xc0U) == 0x80U) continue;  // goes on with the one before it
        std::size_t const whole = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
        if (whole > back) text.remove_suffix(back);
        break;
    }
    return text;
}

std::string row_value(std::string const& id, Reject const& reject) {
    auto text = reject.text;
    // Who hands it over may have cut it already.
    if (reject.bytes > text.size() || text.size() > Rejects::kept_bytes) text = beginning(text, Rejects::kept_bytes);
    nlohmann::json row{
        {"id", id},
        {"file", reject.file},
        {"offset", reject.offset},
        {"reason", beginning(reject.reason, most_reason_bytes)},
        {"bytes", reject.bytes},
        {"truncated", text.size() < reject.bytes},
        {"received", core::format_time(reject.received)},
        {"door", reject.door}
    };
    if (core::is_utf8(text)) {
        row["text"] = text;
    } else {
        row["text_base64"] = base64(text);
    }
    if (!reject.content_type.empty()) row["content_type"] = reject.content_type;
    return core::dump_json(row);
}

/// The file's name, as long as it fits into an id.
std::string file_in_id(std::string const& file) {
    return file.size() <= core::most_attribute_bytes / 2 ? file : std::to_string(io::digest_of(file));
}

core::NewEvent event_about(std::string const& id, Reject const& reject) {
    auto const digest = io::digest_of(reject.text);
    core::NewEvent event;
    event.id = "reject:" + reject.door + ":" + file_in_id(reject.file) + ":" + std::to_string(reject.inode) + ":" +
               std::to_string(reject.offset) + ":" + std::to_string(digest);
    // Two bodies with the same text are two refusals; a line has one place.
    if (reject.file.empty()) event.id = "reject:" + id;
    event.source = "/gateway";
    event.type = "ingest.rejected";
    event.time = reject.received;
    event.data = core::dump_json(
        {{"reject_id", id},
         {"file", reject.file},
         {"offset", reject.offset},
         {"reason", beginning(reject.reason, most_reason_bytes)}}
    );
    return event;
}

core::Result<NewEvents> events_of_line(std::string_view text, EventDefaults const& defaults) {
    auto event = event_from_line(text, defaults);
    if (!event) return core::pass_on(event);
    NewEvents events;
    events.push_back(*std::move(event));
    return events;
}

core::Result<NewEvents> events_of_body(
    std::string_view content_type, std::string_view text, EventDefaults const& defaults
) {
    // As the door reads it: parameters such as a charset make no difference.
    auto const type = core::trim(content_type.substr(0, content_type.find(';')));
    if (type == "application/x-ndjson") return events_from_ndjson(text, defaults);
    if (type == "application/cloudevents+json") {
        return cloud_events_from_json(text, CloudEventsMode::Structured, defaults);
    }
    if (type == "application/cloudevents-batch+json") {
        return cloud_events_from_json(text, CloudEventsMode::Batch, defaults);
    }
    return events_from_json(text, defaults);
}

core::Result<NewEvents> read_again(nlohmann::json const& row, EventDefaults defaults) {
    if (row.contains("text_base64")) return core::fail(core::ErrorCode::BadJson, "not JSON: it is not UTF-8");
    auto const text = row.value("text", std::string{});
    bool const line = row.value("door", std::string{}) == "watch";
    defaults.source = line ? "/orchestrator/events" : "/api/events";
    auto events = line ? events_of_line(text, defaults) : events_of_body(row.value("content_type", ""), text, defaults);
    if (!events || events->size() == 1) return events;
    // Those that say no id got the same one.
    for (std::size_t i = 0; i < events->size(); ++i) {
        auto& id = (*events)[i].id;
        if (id == defaults.id) id += ":" + std::to_string(i);
    }
    return events;
}

}  // namespace

Rejects::Rejects(events::EventLog const& log, std::size_t keep)
    : bound_{.space = std::string{space}, .rows = keep, .bytes = most_bytes} {
    // Rows come on top of what retention leaves: they must stay little beside it.
    constexpr std::uint64_t share = 16;
    if (auto const limit = log.stats().limit_bytes; limit != 0) bound_.bytes = std::min(bound_.bytes, limit / share);
}

std::string Rejects::add(events::Commit& commit, Reject const& reject) {
    auto id = core::make_uuid7(reject.received);
    commit.rows.push_back({.space = std::string{space}, .key = id, .value = row_value(id, reject)});
    commit.events.push_back(event_about(id, reject));
    if (commit.trims.empty()) commit.trims.push_back(bound_);
    std::scoped_lock const lock{mutex_};
    ++counts_[reject.door];
    return id;
}

Rejects::Counts Rejects::counts() const {
    std::scoped_lock const lock{mutex_};
    return counts_;
}

core::Result<std::vector<events::Row>> list_rejects(
    events::EventLog& log, std::string_view after, std::size_t limit, std::size_t max_bytes
) {
    return log.rows(Rejects::space, after, limit, max_bytes);
}

core::Result<events::CommitResult> retry_reject(events::EventLog& log, core::Clock const& clock, std::string_view id) {
    auto const stored = log.row(Rejects::space, id);
    if (!stored) return core::pass_on(stored);
    if (!*stored) return core::fail(core::ErrorCode::NotFound, "there is no such reject");
    auto const row = core::parse_json(**stored);
    if (!row) return core::fail(core::ErrorCode::Corrupt, "the reject cannot be read");
    if (row->value("truncated", false)) {
        return core::fail(
            core::ErrorCode::Conflict, "only the beginning of this text was kept: it cannot be tried again"
        );
    }
    // Named after the reject: of two who try at once, one finds the other's events.
    auto events = read_again(*row, {.received = clock.now(), .id = "retry:" + std::string{id}});
    if (!events) return core::pass_on(events);

    events::Commit commit{.events = *std::move(events)};
    commit.rows.push_back({.space = std::string{Rejects::space}, .key = std::string{id}});
    return log.commit_and_wait(std::move(commit));
}

}  // namespace macp::ingest
