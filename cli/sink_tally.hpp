#pragma once

#include "core/position.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace macp::cli {

/// What a receiver has had of each log, to tell repeats, and what came late or is missing. A filter leaves gaps, too:
/// what is missing was perhaps never wanted. Memory: a stretch each, not an event.
class SinkTally {
public:
    enum class Arrival {
        Next,    ///< After everything before.
        Late,    ///< Something later was here already: order is broken.
        Repeat,  ///< It was here already.
    };
    [[nodiscard]] Arrival note(std::string const& epoch, core::Seq seq);

    /// What lies between the first and the last, and has not come; in order.
    [[nodiscard]] std::vector<core::Gap> gaps() const;
    [[nodiscard]] std::uint64_t events() const noexcept { return events_; }  ///< Repeats not counted.
    [[nodiscard]] std::uint64_t repeats() const noexcept { return repeats_; }
    [[nodiscard]] std::uint64_t late() const noexcept { return late_; }

private:
    using Stretches = std::map<core::Seq, core::Seq>;  ///< First to last of each.

    std::map<std::string, Stretches> logs_;
    std::uint64_t events_ = 0;
    std::uint64_t repeats_ = 0;
    std::uint64_t late_ = 0;
};

}  // namespace macp::cli
