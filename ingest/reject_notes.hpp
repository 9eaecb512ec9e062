#pragma once

#include "core/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace macp::ingest {

/// Warns of refused lines in the log: of the first few a minute each by itself, of the others their number. Never says
/// what stood in them. Threads: one at a time. Lifetime: `clock` must outlive it.
class RejectNotes {
public:
    explicit RejectNotes(core::Clock const& clock) : clock_{clock} {}

    void note(std::string_view file, std::uint64_t offset, std::string_view reason, std::string_view id);
    /// To be called now and then: once the minute is over it tells how many went by without a warning of their own.
    void settle();

private:
    core::Clock const& clock_;
    std::optional<std::chrono::steady_clock::time_point> began_;  ///< The minute that is counted.
    std::uint64_t noted_ = 0;
};

}  // namespace macp::ingest
