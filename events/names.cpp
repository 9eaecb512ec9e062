#include "events/names.hpp"

#include <iterator>
#include <utility>

namespace macp::events {

void Names::add(Id id, std::string text) {
    std::unique_lock const lock{mutex_};
    auto const added = texts_.emplace_hint(texts_.end(), id, std::move(text));
    ids_.emplace(added->second, id);
    last_id_ = id;
}

std::optional<Names::Id> Names::find(std::string_view text) const {
    // Unlocked: only this thread ever changes it.
    auto const found = ids_.find(text);
    if (found == ids_.end()) return std::nullopt;
    return found->second;
}

void Names::forget_after(Id id) {
    std::unique_lock const lock{mutex_};
    while (!texts_.empty() && texts_.rbegin()->first > id) erase(std::prev(texts_.end()));
    last_id_ = id;
}

void Names::forget(std::span<Id const> ids) {
    std::unique_lock const lock{mutex_};
    for (auto const id : ids) {
        if (auto const name = texts_.find(id); name != texts_.end()) erase(name);
    }
}

void Names::erase(Texts::iterator name) {
    ids_.erase(name->second);
    texts_.erase(name);
}

std::string_view Names::text(Id id) const {
    std::shared_lock const lock{mutex_};
    auto const found = texts_.find(id);
    return found == texts_.end() ? std::string_view{} : found->second;
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
