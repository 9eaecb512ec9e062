#include "ingest/rejects.hpp"

#include "core/id.hpp"
#include "core/json.hpp"
#include "ingest/event_body.hpp"
#include "ingest/event_line.hpp"
#include "io/file_place.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace macp::ingest {
namespace {

std::string base64(std::string_view bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        auto const byte = [&](std::size_t i) {
            return at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U;
        };
        unsigned const group = (byte(0) << 16U) | (byte(1) << 8U) | byte(2);
        for (unsigned i = 0; i < 4; ++i) {
            out += at + i <= bytes.size() ? digits[(group >> (18U - 6U * i)) & 0x3fU] : '=';
        }
    }
    return out;
}

std::string row_value(std::string const& id, Reject const& reject) {
    auto const text = reject.text.substr(0, Rejects::kept_bytes);
    nlohmann::json row{
        {"id", id},
        {"file", reject.file},
        {"offset", reject.offset},
        {"reason", reject.reason},
        {"bytes", reject.bytes},
        {"text", text},
        {"truncated", text.size() < reject.bytes},
        {"received", core::format_time(reject.received)},
        {"door", reject.door}
    };
    if (!core::is_utf8(text)) row["text_base64"] = base64(text);
    return core::dump_json(row);
}

core::NewEvent event_about(std::string const& id, Reject const& reject) {
    auto const digest = io::digest_of(reject.text);
    core::NewEvent event;
    event.id = "reject:" + reject.door + ":" + reject.file + ":" + std::to_string(reject.inode) + ":" +
               std::to_string(reject.offset) + ":" + std::to_string(digest);
    // Two bodies with the same text are two refusals; a line has one place.
    if (reject.file.empty()) event.id = "reject:" + id;
    event.source = "/gateway";
    event.type = "ingest.rejected";
    event.time = reject.received;
    event.data =
        core::dump_json({{"reject_id", id}, {"file", reject.file}, {"offset", reject.offset}, {"reason", reject.reason}}
        );
    return event;
}

core::Result<core::NewEvent> read_again(nlohmann::json const& row, EventDefaults defaults) {
    auto const text = row.value("text", std::string{});
    if (row.contains("text_base64")) return core::fail(core::ErrorCode::BadJson, "not JSON: it is not UTF-8");
    bool const line = row.value("door", std::string{}) == "watch";
    defaults.source = line ? "/orchestrator/events" : "/api/events";
    return line ? event_from_line(text, defaults) : event_from_json(text, defaults);
}

}  // namespace

std::string Rejects::add(events::Commit& commit, Reject const& reject) {
    std::scoped_lock const lock{mutex_};
    load();
    auto id = core::make_uuid7(reject.received);
    commit.rows.push_back({.space = std::string{space}, .key = id, .value = row_value(id, reject)});
    commit.events.push_back(event_about(id, reject));
    keys_.push_back(id);
    for (; keys_.size() > keep_; keys_.pop_front()) {
        commit.rows.push_back({.space = std::string{space}, .key = keys_.front()});
    }
    return id;
}

/// The keys of an earlier run, once, so that the oldest rows are known.
void Rejects::load() {
    if (std::exchange(loaded_, true)) return;
    constexpr std::size_t page = 1000;
    for (bool more = true; more;) {
        auto const rows = log_.rows(space, keys_.empty() ? std::string{} : keys_.back(), page);
        if (!rows) return;
        for (auto const& row : *rows) keys_.push_back(row.key);
        more = rows->size() == page;
    }
}

core::Result<std::vector<events::Row>> list_rejects(events::EventLog& log, std::string_view after, std::size_t limit) {
    return log.rows(Rejects::space, after, limit);
}

core::Result<core::Seq> retry_reject(events::EventLog& log, core::Clock const& clock, std::string_view id) {
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
    // Named after the reject: of two who try at once, one finds the other's event.
    auto event = read_again(*row, {.received = clock.now(), .id = "retry:" + std::string{id}});
    if (!event) return core::pass_on(event);

    events::Commit commit;
    commit.events.push_back(*std::move(event));
    commit.rows.push_back({.space = std::string{Rejects::space}, .key = std::string{id}});
    auto const done = log.commit_and_wait(std::move(commit));
    if (!done) return core::pass_on(done);
    return done->seqs.front();
}

}  // namespace macp::ingest
