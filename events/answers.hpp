#pragma once

#include "async/task.hpp"
#include "events/commit_queue.hpp"

#include <utility>
#include <vector>

namespace macp::events {

/// Tells those who wait for a batch of commits. What belongs to a loop is posted to it once a batch, not once a
/// commit: the loop wakes once, and does not take the core from the log's thread for every answer.
/// Threads: one at a time.
class Answers {
public:
    /// Calls back at once when the caller named no loop; else with `send`.
    void add(PendingCommit pending, core::Result<CommitResult> result);
    void send();

private:
    using Answer = std::pair<PendingCommit, core::Result<CommitResult>>;

    std::vector<std::pair<async::Executor, std::vector<Answer>>> loops_;
};

}  // namespace macp::events
