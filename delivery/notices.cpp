#include "delivery/notices.hpp"

#include "core/id.hpp"
#include "core/json.hpp"

#include <nlohmann/json.hpp>

namespace macp::delivery {
namespace {

using nlohmann::json;

core::NewEvent make(Notices const& notices, std::string type, json data, core::Time now) {
    data["target"] = notices.target;
    data["name"] = notices.name;
    return {
        .id = core::make_uuid7(now),
        .source = "/delivery",
        .type = std::move(type),
        .time = now,
        .data = core::dump_json(data),
    };
}

json last_try(AttemptRecord const& last) {
    return {{"seq", last.seq}, {"attempts", last.number}, {"status", last.status}, {"error", last.error}};
}

void put(json& data, char const* name, std::optional<core::Time> const& time) {
    if (time) data[name] = core::format_time(*time);
}

}  // namespace

core::NewEvent Notices::failing(AttemptRecord const& last, core::Time since, core::Time now) const {
    auto data = last_try(last);
    data["why"] = "failing";
    data["failing_since"] = core::format_time(since);
    return make(*this, "delivery.failed", std::move(data), now);
}

core::NewEvent Notices::dead_letter(DeadLetter const& letter, core::Time now) const {
    json data{{"why", "dead-letter"},        {"reason", letter.reason}, {"seq", letter.seq},    {"type", letter.type},
              {"attempts", letter.attempts}, {"status", letter.status}, {"error", letter.error}};
    return make(*this, "delivery.failed", std::move(data), now);
}

core::NewEvent Notices::disabled(
    std::string_view reason, AttemptRecord const& last, std::optional<core::Time> since, core::Time now
) const {
    auto data = last_try(last);
    data["why"] = "disabled";
    data["reason"] = reason;
    put(data, "failing_since", since);
    return make(*this, "delivery.failed", std::move(data), now);
}

core::NewEvent Notices::exhausted(core::Gap const& missed, core::Time now) const {
    json data{{"why", "retention"}, {"from", missed.from}, {"to", missed.to}};
    return make(*this, "delivery.exhausted", std::move(data), now);
}

core::NewEvent Notices::recovered(core::Seq seq, std::optional<core::Time> since, core::Time now) const {
    json data{{"why", "delivered"}, {"seq", seq}};
    put(data, "failing_since", since);
    return make(*this, "delivery.recovered", std::move(data), now);
}

}  // namespace macp::delivery
