#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace macp::events {

/// The texts that repeat from event to event (types, sources) and the numbers that stand for them in the database.
/// A number is never used again while the log is open.
/// Threads: `add`, `find`, `forget_after`, `try_alone`, `forget` from the log's thread only; the rest from anywhere.
class Names {
public:
    using Id = std::int64_t;

    /// `id` is above all others.
    void add(Id id, std::string text);
    [[nodiscard]] std::optional<Id> find(std::string_view text) const;
    /// The highest number that was ever given.
    [[nodiscard]] Id last_id() const { return last_id_; }
    /// Forgets all above `id`: their transaction failed, so that no event has them.
    void forget_after(Id id);

    /// Keeps every name while a page is read: events that retention takes meanwhile are still in its snapshot.
    [[nodiscard]] std::shared_lock<std::shared_mutex> pin() const { return std::shared_lock{pinned_}; }
    /// Holds off new readers while names are taken out; owns nothing when a page is being read.
    [[nodiscard]] std::unique_lock<std::shared_mutex> try_alone() {
        return std::unique_lock{pinned_, std::try_to_lock};
    }
    /// Forgets names that no event has any more. Only while alone.
    void forget(std::span<Id const> ids);

    /// The text of a number that a committed event has; lives while the names are pinned. Empty when there is none.
    [[nodiscard]] std::string_view text(Id id) const;
    [[nodiscard]] std::vector<Id> matching(std::function<bool(std::string_view)> const& wanted) const;

private:
    using Texts = std::map<Id, std::string>;  // addresses stay
    void erase(Texts::iterator name);

    mutable std::shared_mutex pinned_;
    mutable std::shared_mutex mutex_;
    Texts texts_;
    std::unordered_map<std::string_view, Id> ids_;
    Id last_id_ = 0;
};

}  // namespace macp::events
