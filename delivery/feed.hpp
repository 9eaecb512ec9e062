#pragma once

#include "async/task.hpp"
#include "async/worker_pool.hpp"
#include "core/result.hpp"
#include "delivery/held.hpp"
#include "delivery/selection.hpp"
#include "events/event_log.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace macp::delivery {

/// Where a lane's events come from, in order: the live log, a stretch of it, or dead letters.
/// Lifetime: outlives its tasks, of which one may run at a time. Threads: one loop's.
class Feed {
public:
    enum class More {
        Now,     ///< There is something in memory that `next` has not looked at yet.
        OnDisk,  ///< `fetch` first.
        Later,   ///< When the log has grown.
        Never,
    };

    virtual ~Feed() = default;

    /// The next wanted event of those in memory; nothing when `more` is to be asked. Looks at a bounded number.
    [[nodiscard]] virtual Held next() = 0;
    [[nodiscard]] virtual More more() const = 0;
    /// Everything up to here was handed out, or is not wanted.
    [[nodiscard]] virtual core::Seq scanned() const = 0;

    /// Brings more into memory. Answers what retention took. Errors: Unavailable, Corrupt.
    [[nodiscard]] virtual async::Task<core::Result<std::optional<core::Gap>>> fetch() = 0;
    /// One event that was handed out before; nothing when it is no longer there. Errors: Unavailable, Corrupt.
    [[nodiscard]] virtual async::Task<core::Result<Held>> load(core::Seq seq) = 0;
};

/// What a feed reads from.
struct FeedSource {
    events::EventLog& log;
    async::WorkerPool& readers;
};

/// The log after a position, for ever or up to another: from the tail when that reaches back far enough, else in pages
/// from the disk. Keeps about one page alive.
class LogFeed final : public Feed {
public:
    struct Range {
        core::Seq after = 0;
        std::optional<core::Seq> until{};
        std::vector<std::string> types{};  ///< Globs beside the selection; empty: any.
    };

    LogFeed(FeedSource source, std::shared_ptr<Selection const> selection, Range range);

    [[nodiscard]] Held next() override;
    [[nodiscard]] More more() const override;
    [[nodiscard]] core::Seq scanned() const override { return scanned_; }
    [[nodiscard]] async::Task<core::Result<std::optional<core::Gap>>> fetch() override;
    [[nodiscard]] async::Task<core::Result<Held>> load(core::Seq seq) override;

    /// Goes on after `seq`, when that is further.
    void skip_to(core::Seq seq);

private:
    [[nodiscard]] bool passes(core::EventView const& event) const;
    [[nodiscard]] bool next_chunk();
    [[nodiscard]] core::Seq last() const;
    void drop_page();

    FeedSource source_;
    std::shared_ptr<Selection const> selection_;  ///< Also of the reads under way.
    std::optional<core::Seq> until_;
    core::Filter types_;
    std::deque<events::ChunkPtr> page_;
    core::Seq page_end_ = 0;  ///< Everything up to here is in the page, or is not wanted.
    bool filtered_ = false;   ///< The page has passed the selection's filter already.
    events::ChunkPtr chunk_;
    std::size_t index_ = 0;
    core::Seq scanned_;
};

/// Dead letters of one target, all up to a position or the chosen ones.
class DeadLetterFeed final : public Feed {
public:
    struct Range {
        core::Seq after = 0;
        core::Seq until = 0;
        std::vector<core::Seq> chosen{};  ///< Sorted; empty: all.
    };

    DeadLetterFeed(FeedSource source, std::string space, Range range);

    [[nodiscard]] Held next() override;
    [[nodiscard]] More more() const override;
    [[nodiscard]] core::Seq scanned() const override { return scanned_; }
    [[nodiscard]] async::Task<core::Result<std::optional<core::Gap>>> fetch() override;
    [[nodiscard]] async::Task<core::Result<Held>> load(core::Seq seq) override;

private:
    FeedSource source_;
    std::string space_;
    Range range_;
    std::deque<Held> page_;
    core::Seq page_end_;
    core::Seq scanned_;
    bool ended_ = false;
};

}  // namespace macp::delivery
