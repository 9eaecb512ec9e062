#pragma once

#include "core/event.hpp"
#include "core/position.hpp"
#include "core/time.hpp"
#include "delivery/target_status.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace macp::delivery {

/// What the log is told of a target: changes of its state and dead letters, never a single try. Source `/delivery`.
struct Notices {
    std::string target{};  ///< Its id; `data.target`.
    std::string name{};

    /// `delivery.failed`, why `failing`: nothing gets through any more.
    [[nodiscard]] core::NewEvent failing(AttemptRecord const& last, core::Time since, core::Time now) const;
    /// `delivery.failed`, why `dead-letter`.
    [[nodiscard]] core::NewEvent dead_letter(DeadLetter const& letter, core::Time now) const;
    /// `delivery.failed`, why `disabled`: `reason` is that of `Disabled`.
    [[nodiscard]] core::NewEvent disabled(
        std::string_view reason, AttemptRecord const& last, std::optional<core::Time> since, core::Time now
    ) const;
    /// `delivery.exhausted`, why `retention`.
    [[nodiscard]] core::NewEvent exhausted(core::Gap const& missed, core::Time now) const;
    /// `delivery.recovered`.
    [[nodiscard]] core::NewEvent recovered(core::Seq seq, std::optional<core::Time> since, core::Time now) const;
};

}  // namespace macp::delivery
