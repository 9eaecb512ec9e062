#include "events/answers.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace macp::events {

void Answers::add(PendingCommit pending, core::Result<CommitResult> result) {
    if (!pending.loop) {
        pending.done(std::move(result));
        return;
    }
    auto loop = std::ranges::find(loops_, *pending.loop, [](auto const& entry) { return entry.first; });
    if (loop == loops_.end()) loop = loops_.insert(loop, {*pending.loop, {}});
    loop->second.emplace_back(std::move(pending), std::move(result));
}

void Answers::send() {
    for (auto& [loop, answers] : std::exchange(loops_, {})) {
        // Nothing of them stays on this thread: once a loop has resumed its caller, the loop may be gone. The commits
        // go along, since memory is cheaper to free on the thread that took it.
        auto deliver = [batch = std::move(answers)]() mutable {
            for (auto& [pending, result] : batch) std::exchange(pending, {}).done(std::move(result));
        };
        boost::asio::post(loop, std::move(deliver));
    }
}

}  // namespace macp::events
