// The WebSocket command parser: it follows or refuses, and the id that it repeats is JSON.
#include "core/json.hpp"
#include "fuzz/fuzz.hpp"
#include "ws/command.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace {

void require_json(std::string const& id) {
    macp::fuzz::require(id.empty() || nlohmann::json::accept(id), "the id in the answer is JSON");
    macp::fuzz::require(id.find('\n') == std::string::npos, "an answer is one line");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const text = macp::fuzz::text_of(data, size);
    for (bool const telemetry : {false, true}) {
        auto const command = macp::ws::parse_command(text, telemetry);
        if (!command) {
            require_json(command.error().id);
            macp::fuzz::require(!command.error().error.message.empty(), "a refusal says why");
            continue;
        }
        require_json(command->id);
        auto const* const subscribe = std::get_if<macp::ws::Subscribe>(&command->what);
        if (subscribe == nullptr) continue;
        macp::fuzz::require(
            subscribe->telemetry_interval >= macp::ws::min_telemetry_interval, "telemetry is not sent too often"
        );
        macp::fuzz::require(telemetry || !subscribe->channels.telemetry, "telemetry only where it is offered");
        macp::fuzz::require(subscribe->filter.key() == subscribe->filter.key(), "a filter has one key");
        static_cast<void>(subscribe->filter.matches({.type = "task.completed", .data = R"({"a":{"b":1}})"}));
    }
    return 0;
}
