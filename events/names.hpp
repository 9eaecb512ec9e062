#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace macp::events {

/// The texts that repeat from event to event (types, sources) and the numbers that stand for them in the database.
/// Threads: `add`, `find`, `forget_after` from the log's thread only; the rest from anywhere.
class Names {
public:
    using Id = std::int64_t;

    /// `id` is above all others.
    void add(Id id, std::string text);
    [[nodiscard]] std::optional<Id> find(std::string_view text) const;
    [[nodiscard]] Id last_id() const { return texts_.empty() ? 0 : texts_.back().first; }
    /// Forgets all above `id`: their transaction failed, so that no event has them.
    void forget_after(Id id);

    /// The text of a number that a committed event has; lives as long as the log. Empty when there is none.
    [[nodiscard]] std::string_view text(Id id) const;
    [[nodiscard]] std::vector<Id> matching(std::function<bool(std::string_view)> const& wanted) const;

private:
    mutable std::shared_mutex mutex_;
    std::deque<std::pair<Id, std::string>> texts_;  ///< In order of number; addresses stay.
    std::unordered_map<std::string_view, Id> ids_;
};

}  // namespace macp::events
