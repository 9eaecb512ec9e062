#include "ingest/rejects.hpp"

#include "core/id.hpp"
#include "core/json.hpp"
#include "ingest/base64.hpp"
#include "ingest/read_again.hpp"
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

/// All of them or none: without them, as without the end of its text, it cannot be tried again.
void keep_headers(nlohmann::json& row, HeaderMap const& headers) {
    std::size_t bytes = 0;
    bool is_text = true;
    for (auto const& [name, value] : headers) {
        bytes += name.size() + value.size();
        is_text = is_text && core::is_utf8(value);
    }
    if (is_text && bytes <= Rejects::kept_bytes) {
        row["headers"] = headers;
    } else {
        row["truncated"] = true;
    }
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
    if (!reject.headers.empty()) keep_headers(row, reject.headers);
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

HeaderMap headers_of(nlohmann::json const& row) {
    HeaderMap headers;
    auto const kept = row.find("headers");
    if (kept == row.end()) return headers;
    for (auto const& [name, value] : kept->items()) {
        if (value.is_string()) headers.emplace(name, value.get_ref<std::string const&>());
    }
    return headers;
}

core::Result<NewEvents> events_of(nlohmann::json const& row, EventDefaults const& defaults) {
    auto headers = headers_of(row);
    if (row.contains("text_base64")) {
        if (!is_binary_cloud_event(headers)) return core::fail(core::ErrorCode::BadJson, "not JSON: it is not UTF-8");
        return core::fail(core::ErrorCode::Conflict, "a body that is no text cannot be tried again from here");
    }
    auto const door = row.value("door", std::string{});
    auto const text = row.value("text", std::string{});
    auto const content_type = row.value("content_type", std::string{});
    Refused const refused{.door = door, .text = text, .content_type = content_type, .headers = std::move(headers)};
    return read_again(refused, defaults);
}

core::Result<events::CommitResult> no_such_reject(
    events::EventLog& log, std::optional<events::Commit::Once> const& once
) {
    if (once) {
        auto answered = log.row(once->space, once->key);
        if (!answered) return core::pass_on(answered);
        if (answered->has_value()) return events::CommitResult{.existing = *std::move(answered)};
    }
    return core::fail(core::ErrorCode::NotFound, "there is no such reject");
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

core::Result<events::CommitResult> retry_reject(
    events::EventLog& log, core::Clock const& clock, std::string_view id, std::optional<events::Commit::Once> once
) {
    auto const stored = log.row(Rejects::space, id);
    if (!stored) return core::pass_on(stored);
    auto const& text = *stored;
    if (!text) return no_such_reject(log, once);
    auto const row = core::parse_json(*text);
    if (!row) return core::fail(core::ErrorCode::Corrupt, "the reject cannot be read");
    if (row->value("truncated", false)) {
        return core::fail(core::ErrorCode::Conflict, "only a part of this was kept: it cannot be tried again");
    }
    // Named after the reject: of two who try at once, one finds the other's events.
    auto events = events_of(*row, {.received = clock.now(), .id = "retry:" + std::string{id}});
    if (!events) return core::pass_on(events);

    events::Commit commit{.events = *std::move(events), .once = std::move(once)};
    commit.rows.push_back({.space = std::string{Rejects::space}, .key = std::string{id}});
    return log.commit_and_wait(std::move(commit));
}

}  // namespace macp::ingest
