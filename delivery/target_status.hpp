#pragma once

#include "core/position.hpp"
#include "core/time.hpp"
#include "delivery/sink.hpp"
#include "delivery/target_config.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace macp::delivery {

/// Who asked for a target. Those of the configuration cannot be changed or deleted at the API, only paused and resumed.
enum class Origin { Config, Mosaic, Api };
enum class TargetState { Healthy, Failing, Paused, Disabled };
enum class BreakerState { Closed, Open, HalfOpen };

[[nodiscard]] std::string_view to_text(Origin origin);       ///< `config`, `mosaic`, `api`
[[nodiscard]] std::string_view to_text(TargetState state);   ///< `healthy`, `failing`, `paused`, `disabled`
[[nodiscard]] std::string_view to_text(BreakerState state);  ///< `closed`, `open`, `half-open`

/// One try as the history keeps it.
struct AttemptRecord {
    core::Seq seq = 0;
    core::Time time{};  ///< When it began.
    std::chrono::microseconds took{0};
    Outcome outcome = Outcome::Retry;
    unsigned status = 0;     ///< 0: there was no answer.
    std::size_t number = 1;  ///< Which try of this event, from 1.
    std::string error{};
    std::string answer{};  ///< The first 4 KiB of it.
};

/// A place in the history of a target: before it lie the first `records` of a slot, and all slots before that.
struct AttemptPlace {
    std::uint64_t slot = 0;
    std::size_t records = std::numeric_limits<std::size_t>::max();
};

/// Tries of a target, newest first.
struct AttemptPage {
    std::vector<AttemptRecord> records{};
    std::optional<AttemptPlace> next{};  ///< Where older ones are; nothing: these were all.
};

/// An event that a target will not get unless somebody redelivers it.
struct DeadLetter {
    core::Seq seq = 0;  ///< Names it, within its target.
    std::string type{};
    std::string reason{};  ///< `refused`, `retries`, `age` or `gone`
    std::size_t attempts = 0;
    unsigned status = 0;  ///< Of the last try; 0: there was no answer.
    std::string error{};
    std::string answer{};
    std::optional<core::Time> first_failed{};
    core::Time died{};
    std::string event{};  ///< The event as it goes out: structured CloudEvents JSON.
};

/// Why a target takes no more deliveries, and since when.
struct Disabled {
    core::Time since{};
    std::string why{};  ///< `gone`, `failing`, `dead-letters` (too many) or `config` (`enabled` is false).
};

/// A target as it stands now.
struct TargetStatus {
    std::string id{};
    Origin origin = Origin::Api;
    TargetConfig config{};  ///< With its secrets: for answers use `target_to_json`.
    TargetState state = TargetState::Healthy;
    std::optional<core::Time> paused_since{};
    std::optional<Disabled> disabled{};
    std::optional<core::Time> failing_since{};  ///< Nothing has been delivered since.
    core::Seq cursor = 0;                       ///< Everything up to here is done with.
    core::Seq lag = 0;                          ///< Events of the log after the cursor, wanted or not.
    std::size_t open = 0;                       ///< Wanted events after the cursor that are in hand; `in_flight` too.
    std::size_t in_flight = 0;
    BreakerState breaker = BreakerState::Closed;
    std::size_t failures = 0;              ///< Tries that failed in a row.
    std::optional<core::Time> next_try{};  ///< Nothing is sent before.
    std::string waits_for{};               ///< Why: `breaker`, `retry-after`, `retry`, `rate`; empty: for nothing.
    std::uint64_t delivered = 0;           ///< Events since the start of this process; so the next two.
    std::uint64_t attempts = 0;
    std::uint64_t failed_attempts = 0;
    std::uint64_t dead_letters = 0;        ///< That lie there now.
    std::optional<core::Gap> missed{};     ///< The last stretch that retention took before it was delivered.
    std::optional<core::Gap> replaying{};  ///< What is left of the replay or redelivery that runs.
    std::optional<AttemptRecord> last_attempt{};
};

/// What became of one event at one target.
struct Explanation {
    std::string target{};  ///< Its id.
    std::string name{};
    bool matched = false;
    std::string why{};      ///< Not matched: the clause that failed. Else empty, or what it waits for, in words.
    std::string verdict{};  ///< `unwanted`, `before-start`, `delivered`, `in-flight`, `pending`, `dead`, `missed`
    std::vector<AttemptRecord> attempts{};  ///< Those still in the history, oldest first.
    std::size_t tries = 0;                  ///< All of them, while it is open or dead.
    std::optional<core::Time> next_try{};
    TargetStatus status{};
};

/// For metrics and readiness. Threads: copied from counters that any thread may read.
struct TargetMetrics {
    std::string id{};
    std::string name{};
    TargetState state = TargetState::Healthy;
    BreakerState breaker = BreakerState::Closed;
    std::uint64_t delivered = 0;
    std::uint64_t attempts = 0;
    std::uint64_t failed_attempts = 0;
    std::uint64_t dead_letters = 0;
    std::uint64_t in_flight = 0;
    core::Seq lag = 0;
};

}  // namespace macp::delivery
