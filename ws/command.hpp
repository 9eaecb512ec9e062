#pragma once

#include "core/filter.hpp"
#include "core/position.hpp"
#include "core/result.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace macp::ws {

inline constexpr std::chrono::milliseconds min_telemetry_interval{100};
inline constexpr std::chrono::milliseconds max_telemetry_interval{3'600'000};

/// Which channels a command speaks of.
struct Channels {
    bool events = false;
    bool telemetry = false;
};

struct Subscribe {
    Channels channels{.events = true};
    core::Filter filter{};
    core::Position since{.kind = core::Position::Kind::Now};
    std::chrono::milliseconds telemetry_interval{1000};
};
struct Unsubscribe {
    Channels channels{.events = true, .telemetry = true};
};
struct Ping {};

struct Command {
    std::string id{};  ///< JSON text of the client's `id`, to be repeated in the answer; empty when it gave none.
    std::variant<Subscribe, Unsubscribe, Ping> what{};
};

/// A command that cannot be followed.
struct BadCommand {
    std::string id{};  ///< As above, when it could be read.
    core::Error error{};
    bool fatal = false;  ///< Not a command at all: the connection is closed with 4400.
};

/// Reads one client message. `telemetry`: whether the sub-protocol offers that channel.
[[nodiscard]] tl::expected<Command, BadCommand> parse_command(std::string_view text, bool telemetry);

/// Reads a list of channel names. Errors: InvalidField naming the channel.
[[nodiscard]] core::Result<Channels> parse_channels(std::vector<std::string> const& names, bool telemetry);

}  // namespace macp::ws
