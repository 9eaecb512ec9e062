// Bodies of hooks: whatever comes, it is refused with a field, or becomes an event whose data is one line of JSON that
// still says all that the body said.
#include "core/json.hpp"
#include "fuzz/fuzz.hpp"
#include "ingest/event_body.hpp"
#include "ingest/event_line.hpp"
#include "ingest/github_event.hpp"
#include "ingest/hook_event.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace {

using namespace macp;
using fuzz::require;

ingest::EventDefaults const defaults{.source = "/fuzz", .id = "id"};

std::optional<ingest::GitPlace> some_place(std::string_view directory) {
    return ingest::GitPlace{.repository = std::string{directory}, .worktree = "/worktree"};
}

nlohmann::json check(core::Result<core::NewEvent> const& event) {
    if (!event) {
        auto const code = event.error().code;
        require(code == core::ErrorCode::BadJson || code == core::ErrorCode::InvalidField, "a refusal is 400 or 422");
        require(!event.error().message.empty(), "a refusal says why");
        return {};
    }
    require(!event->type.empty() && !event->id.empty() && !event->source.empty(), "an event has its attributes");
    require(event->data.find_first_of("\r\n") == std::string::npos, "data is one line");
    auto data = nlohmann::json::parse(event->data, nullptr, false);
    // Numbers beyond a double are JSON, but nothing that this parser can hold.
    return data.is_object() ? data : nlohmann::json{};
}

/// What the body said is still said, but for what was null or blank, `tool`, and what a stop adds.
void check_kept(nlohmann::json const& body, nlohmann::json const& data) {
    if (!body.is_object() || !data.is_object()) return;
    for (auto const& [name, value] : body.items()) {
        bool const blank =
            value.is_null() || (value.is_string() && core::trim(value.get_ref<std::string const&>()).empty());
        if (blank || name == "tool" || name == "stop") continue;
        require(data.contains(name) && data[name] == value, "a given value stays");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const body = fuzz::text_of(data, size);
    auto const parsed = nlohmann::json::parse(body, nullptr, false);
    for (auto const door : {ingest::HookDoor::Omx, ingest::HookDoor::Native}) {
        auto const event = ingest::hook_event(body, door, defaults, some_place);
        check_kept(parsed, check(event));
        if (!event) continue;
        require(event->data.find("\"contract_event\":") != std::string::npos, "a hook's data names its type");
        auto const again = ingest::event_from_line(event->data, defaults);
        require(again.has_value() || again.error().field == "/type", "data can be read as a line");
    }
    check(ingest::github_event("pull_request", body, defaults));
    if (auto const event = ingest::event_from_line(body, defaults)) check(event);
    if (!parsed.is_object() || !parsed.contains("specversion")) check(ingest::event_from_json(body, defaults));
    return 0;
}
