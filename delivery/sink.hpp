#pragma once

#include "async/task.hpp"
#include "core/event.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace macp::delivery {

/// What one try came to.
enum class Outcome {
    Delivered,  ///< The target has taken it.
    Retry,      ///< Not now: the same parcel may be taken later.
    Refused,    ///< Never: the target does not want this parcel.
    Gone,       ///< Never, nor any other: the target is to be sent nothing more.
};

[[nodiscard]] std::string_view to_text(Outcome outcome);  ///< `delivered`, `retry`, `refused`, `gone`

/// One try, and what the target said.
struct Attempt {
    static constexpr std::size_t most_answer = 4096;  ///< Bytes of the answer that are kept.

    Outcome outcome = Outcome::Retry;
    unsigned status = 0;        ///< Of HTTP; 0: there was no answer.
    bool unavailable = false;   ///< It says something of the target, not of the parcel: nobody there, or too busy.
    bool asks_to_wait = false;  ///< `retry_after` is the target's own wish.
    std::chrono::milliseconds retry_after{0};
    std::chrono::microseconds took{0};
    std::string error{};   ///< In words; empty when it was delivered.
    std::string answer{};  ///< The first `most_answer` bytes.
};

/// What goes out in one try. The views live until the try has ended.
struct Parcel {
    std::span<core::EventView const> events{};  ///< One, or as many as `Sink::most_events` says; in order of the log.
    std::size_t number = 1;                     ///< Which try of this parcel it is, from 1.
    bool replay = false;                        ///< Asked for by a replay: the target may have had it before.
};

/// The way out to one target: sends a parcel and says what came of it. It knows nothing of retries, order or cursors.
///
/// Lifetime: outlives its sends. Threads: one loop's only; several sends may be in flight.
class Sink {
public:
    virtual ~Sink() = default;

    /// Bounded in time by the sink itself. Cancellation: terminal; the parcel may or may not have arrived.
    [[nodiscard]] virtual async::Task<Attempt> send(Parcel parcel) = 0;
};

}  // namespace macp::delivery
