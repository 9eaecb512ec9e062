#pragma once

#include "client/wire_text.hpp"
#include "core/position.hpp"
#include "core/result.hpp"

#include <string>

namespace macp::client {

/// Where a subscription stands in the log: what to ask for next, and which events it has had.
class Resume {
public:
    /// Errors: InvalidField when `since` is no position.
    [[nodiscard]] static core::Result<Resume> from(std::string const& since);

    /// A connection begins. With `now` this is the moment that counts: later events are never skipped.
    void greet(Hello const& hello);
    /// True when the event is new; false when it has been had.
    [[nodiscard]] bool take(core::Seq seq);
    void skip(core::Gap const& gap);

    /// `since` of the next subscribe command.
    [[nodiscard]] std::string const& since() const noexcept { return since_; }
    /// `epoch:seq` for an event or gap of this connection.
    [[nodiscard]] std::string at(core::Seq seq) const { return core::format_position(epoch_, seq); }

private:
    std::string since_{};
    std::string epoch_{};
    core::Seq last_ = 0;  ///< In `epoch_`.
};

}  // namespace macp::client
