#include "delivery/lane_record.hpp"

#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace macp::delivery {
namespace {

using nlohmann::json;
using MaybeTime = std::optional<core::Time>;

void put(json& to, char const* name, MaybeTime const& time) {
    if (time) to[name] = core::format_time(*time);
}

void put(json& to, char const* name, std::uint64_t number) {
    if (number != 0) to[name] = number;
}

json json_of(OpenEvent const& open) {
    if (open.tries == 0) return open.seq;
    json entry{{"seq", open.seq}, {"tries", open.tries}};
    put(entry, "counted", open.counted);
    put(entry, "next", open.next);
    put(entry, "first", open.first_failed);
    return entry;
}

void put(json& to, Progress const& progress) {
    to["after"] = progress.after;
    for (auto const& open : progress.open) to["open"].push_back(json_of(open));
}

json json_of(Errand const& errand) {
    json entry{{"kind", errand.kind == Errand::Kind::Replay ? "replay" : "redelivery"}, {"until", errand.until}};
    if (!errand.types.empty()) entry["types"] = errand.types;
    if (!errand.chosen.empty()) entry["chosen"] = errand.chosen;
    put(entry, errand.progress);
    return entry;
}

std::uint64_t number_of(json const& from, char const* name) {
    auto const found = from.find(name);
    return found != from.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::string text_of(json const& from, char const* name) {
    auto const found = from.find(name);
    return found != from.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

MaybeTime time_of(json const& from, char const* name) {
    return core::parse_time(text_of(from, name));
}

json const& list_of(json const& from, char const* name) {
    static json const none = json::array();
    auto const found = from.find(name);
    return found != from.end() && found->is_array() ? *found : none;
}

Progress progress_of(json const& from) {
    Progress progress{.after = number_of(from, "after")};
    for (auto const& entry : list_of(from, "open")) {
        if (entry.is_number_unsigned()) {
            progress.open.push_back({.seq = entry.get<core::Seq>()});
        } else if (entry.is_object()) {
            progress.open.push_back({
                .seq = number_of(entry, "seq"),
                .tries = number_of(entry, "tries"),
                .counted = number_of(entry, "counted"),
                .next = time_of(entry, "next"),
                .first_failed = time_of(entry, "first"),
            });
        }
    }
    return progress;
}

Errand errand_of(json const& from) {
    Errand errand{
        .kind = text_of(from, "kind") == "replay" ? Errand::Kind::Replay : Errand::Kind::Redelivery,
        .until = number_of(from, "until"),
        .progress = progress_of(from),
    };
    for (auto const& type : list_of(from, "types")) {
        if (type.is_string()) errand.types.push_back(type.get<std::string>());
    }
    for (auto const& seq : list_of(from, "chosen")) {
        if (seq.is_number_unsigned()) errand.chosen.push_back(seq.get<core::Seq>());
    }
    return errand;
}

void put(json& to, Breaker::Saved const& breaker) {
    if (breaker == Breaker::Saved{}) return;
    auto& entry = to["breaker"];
    put(entry, "failures", breaker.failures);
    put(entry, "refusals", breaker.refusals);
    put(entry, "openings", breaker.openings);
    if (breaker.openings != 0) entry["probe_at"] = core::format_time(breaker.probe_at);
}

}  // namespace

core::Seq LaneRecord::holds() const {
    auto held = progress.done();
    for (auto const& errand : errands) {
        // Dead letters carry their events with them.
        if (errand.kind == Errand::Kind::Replay) held = std::min(held, errand.progress.done());
    }
    return held;
}

std::string cursor_name(std::string_view target) {
    return "delivery:" + std::string{target};
}

std::string to_text(LaneRecord const& record) {
    json text;
    put(text, record.progress);
    put(text, "start", record.start);
    put(text, "paused", record.paused);
    if (record.disabled) {
        text["disabled"] = {{"since", core::format_time(record.disabled->since)}, {"why", record.disabled->why}};
    }
    put(text, "failing", record.failing_since);
    if (record.announced) text["announced"] = true;
    put(text, record.breaker);
    put(text, "hold_until", record.hold_until);
    if (record.missed) text["missed"] = {{"from", record.missed->from}, {"to", record.missed->to}};
    put(text, "dead_letters", record.dead_letters);
    put(text, "history", record.history_slot);
    for (auto const& errand : record.errands) text["errands"].push_back(json_of(errand));
    return core::dump_json(text);
}

core::Result<LaneRecord> parse_lane_record(std::string_view text) {
    auto const from = json::parse(text, nullptr, false);
    if (!from.is_object()) return core::fail(core::ErrorCode::Corrupt, "the cursor of a target cannot be read");
    LaneRecord record{
        .progress = progress_of(from),
        .start = number_of(from, "start"),
        .paused = time_of(from, "paused"),
        .failing_since = time_of(from, "failing"),
        .announced = from.value("announced", json{}) == true,
        .hold_until = time_of(from, "hold_until"),
        .dead_letters = number_of(from, "dead_letters"),
        .history_slot = number_of(from, "history"),
    };
    if (auto const found = from.find("disabled"); found != from.end()) {
        record.disabled =
            Disabled{.since = time_of(*found, "since").value_or(core::Time{}), .why = text_of(*found, "why")};
    }
    if (auto const found = from.find("breaker"); found != from.end()) {
        record.breaker = {
            .failures = number_of(*found, "failures"),
            .refusals = number_of(*found, "refusals"),
            .openings = number_of(*found, "openings"),
            .probe_at = time_of(*found, "probe_at").value_or(core::Time{}),
        };
    }
    if (auto const found = from.find("missed"); found != from.end()) {
        record.missed = core::Gap{.from = number_of(*found, "from"), .to = number_of(*found, "to"), .why = "retention"};
    }
    for (auto const& errand : list_of(from, "errands")) record.errands.push_back(errand_of(errand));
    return record;
}

}  // namespace macp::delivery
