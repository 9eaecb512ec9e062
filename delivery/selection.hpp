#pragma once

#include "core/filter.hpp"

#include <string>

namespace macp::delivery {

/// Which events of the log a target is sent: what its filter takes, less what deliveries say of themselves.
///
/// `delivery.*` events reach a target only by a glob that begins with `delivery.`, and never the target they are about:
/// two targets that fail must not feed each other for ever. Threads: immutable, safe from anywhere.
class Selection {
public:
    Selection(core::Filter filter, std::string target) : filter_{std::move(filter)}, target_{std::move(target)} {}

    [[nodiscard]] core::Filter const& filter() const noexcept { return filter_; }
    [[nodiscard]] bool wants(core::EventView const& event) const { return filter_.matches(event) && may_have(event); }
    /// For events that have passed the filter already.
    [[nodiscard]] bool may_have(core::EventView const& event) const;
    /// The first clause that it fails, in words; empty when the target wants it.
    [[nodiscard]] std::string why_not(core::EventView const& event) const;

private:
    core::Filter filter_;
    std::string target_;
};

/// True for `delivery.failed` and its kin.
[[nodiscard]] inline bool is_delivery_event(std::string_view type) {
    return type.starts_with("delivery.");
}

}  // namespace macp::delivery
