#include "events/names.hpp"

#include <algorithm>
#include <mutex>

namespace macp::events {

void Names::add(Id id, std::string text) {
    std::unique_lock const lock{mutex_};
    auto const& added = texts_.emplace_back(id, std::move(text));
    ids_.emplace(added.second, id);
}

std::optional<Names::Id> Names::find(std::string_view text) const {
    // Unlocked: only this thread ever changes it.
    auto const found = ids_.find(text);
    if (found == ids_.end()) return std::nullopt;
    return found->second;
}

void Names::forget_after(Id id) {
    std::unique_lock const lock{mutex_};
    while (!texts_.empty() && texts_.back().first > id) {
        ids_.erase(texts_.back().second);
        texts_.pop_back();
    }
}

std::string_view Names::text(Id id) const {
    std::shared_lock const lock{mutex_};
    auto const found = std::ranges::lower_bound(texts_, id, {}, &std::pair<Id, std::string>::first);
    if (found == texts_.end() || found->first != id) return {};
    return found->second;
}

std::vector<Names::Id> Names::matching(std::function<bool(std::string_view)> const& wanted) const {
    std::vector<Id> ids;
    std::shared_lock const lock{mutex_};
    for (auto const& [id, text] : texts_) {
        if (wanted(text)) ids.push_back(id);
    }
    return ids;
}

}  // namespace macp::events
