#pragma once

#include "core/position.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace macp::client {

/// An event as the gateway sent it: a CloudEvent with its place in the log.
struct Event {
    core::Seq seq = 0;
    std::string id{};
    std::string source{};
    std::string type{};
    std::string subject{};  ///< Empty: absent.
    core::Time time{};
    std::string text{};           ///< All of it, as sent: structured CloudEvents JSON on one line.
    std::size_t data_offset = 0;  ///< Where `data` lies in `text`.
    std::size_t data_size = 0;

    /// JSON text; empty: absent. Valid as long as `text` is left alone.
    [[nodiscard]] std::string_view data() const { return std::string_view{text}.substr(data_offset, data_size); }
};

/// Reads one event. Errors: BadJson; InvalidField when it has no `type` or no `seq`.
[[nodiscard]] core::Result<Event> parse_event(std::string_view json);

/// Takes an event; false: enough.
using EventCallback = std::function<bool(Event const&)>;
/// Is told of events that cannot be had any more.
using GapCallback = std::function<void(core::Gap const&)>;

}  // namespace macp::client
