#pragma once

#include "core/id.hpp"
#include "events/answers.hpp"
#include "events/event_log.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace macp::testing {

/// A log in memory that commits on its own thread, and can be told to fail. For tests of who writes to a log.
class MemoryLog final : public events::EventLog {
public:
    MemoryLog() : thread_{[this] { run(); }} {}
    MemoryLog(MemoryLog const&) = delete;
    MemoryLog& operator=(MemoryLog const&) = delete;
    ~MemoryLog() override {
        {
            std::scoped_lock const lock{mutex_};
            stop_ = true;
            changed_.notify_all();
        }
        thread_.join();
    }

    using events::EventLog::commit;
    using events::EventLog::rows;
    void commit(events::Commit commit, Done done, std::optional<async::Executor> loop) override {
        std::unique_lock lock{mutex_};
        events::PendingCommit pending{.commit = std::move(commit), .done = std::move(done), .loop = loop};
        if (refuse_) {
            auto const code = *refuse_;
            lock.unlock();
            return answer(std::move(pending), core::fail(code, "told to refuse"));
        }
        queue_.push_back(std::move(pending));
        changed_.notify_all();
    }

    /// Every commit that comes in from now on fails at once; nothing: they succeed again.
    void refuse(std::optional<core::ErrorCode> code) {
        std::scoped_lock const lock{mutex_};
        refuse_ = code;
    }
    /// Every commit fails on the log's thread; nothing: they succeed again.
    void break_disk(std::optional<core::ErrorCode> code) {
        std::scoped_lock const lock{mutex_};
        broken_ = code;
    }
    [[nodiscard]] std::vector<core::NewEvent> all() const {
        std::scoped_lock const lock{mutex_};
        return events_;
    }
    /// The subjects of all events of the watched files, in order.
    [[nodiscard]] std::vector<std::string> subjects() const {
        std::vector<std::string> out;
        for (auto const& event : all()) {
            if (event.source != "/gateway") out.push_back(event.subject);
        }
        return out;
    }
    /// Events and cursors in flight at once, at the most.
    [[nodiscard]] std::size_t largest_commit() const {
        std::scoped_lock const lock{mutex_};
        return largest_;
    }

    [[nodiscard]] std::string const& epoch() const override { return epoch_; }
    [[nodiscard]] core::Result<events::Page> read(core::Seq, core::Filter const&, events::ReadLimits const&) override {
        return core::fail(core::ErrorCode::Unavailable, "not in this log");
    }
    [[nodiscard]] core::Result<core::Seq> before_time(core::Time) override { return core::Seq{0}; }
    [[nodiscard]] core::Result<std::optional<std::string>> row(std::string_view space, std::string_view key) override {
        std::scoped_lock const lock{mutex_};
        auto const found = rows_.find({std::string{space}, std::string{key}});
        return found == rows_.end() ? std::nullopt : std::optional{found->second};
    }
    [[nodiscard]] core::Result<std::vector<events::Row>> rows(
        std::string_view space, std::string_view after, std::size_t limit, std::size_t max_bytes
    ) override {
        std::scoped_lock const lock{mutex_};
        std::vector<events::Row> out;
        std::size_t bytes = 0;
        for (auto const& [key, value] : rows_) {
            if (key.first == space && key.second > after && out.size() < limit && bytes < max_bytes) {
                out.push_back({.space = key.first, .key = key.second, .value = value});
                bytes += value.size();
            }
        }
        return out;
    }
    [[nodiscard]] core::Result<std::optional<std::string>> cursor(std::string_view name) override {
        std::scoped_lock const lock{mutex_};
        auto const found = cursors_.find(std::string{name});
        return found == cursors_.end() ? std::nullopt : std::optional{found->second};
    }
    [[nodiscard]] core::Result<std::vector<events::CursorMove>> cursors(std::string_view prefix) override {
        std::scoped_lock const lock{mutex_};
        std::vector<events::CursorMove> out;
        for (auto const& [name, value] : cursors_) {
            if (name.starts_with(prefix)) out.push_back({.name = name, .value = value});
        }
        return out;
    }
    [[nodiscard]] events::Tail& tail() override { return tail_; }
    [[nodiscard]] events::LogStats stats() const override { return {}; }

private:
    static void answer(events::PendingCommit pending, core::Result<events::CommitResult> result) {
        events::Answers answers;
        answers.add(std::move(pending), std::move(result));
        answers.send();
    }

    void run() {
        std::unique_lock lock{mutex_};
        while (true) {
            changed_.wait(lock, [this] { return stop_ || !queue_.empty(); });
            if (queue_.empty()) return;
            auto pending = std::move(queue_.front());
            queue_.pop_front();
            auto result = broken_ ? core::Result<events::CommitResult>{core::fail(*broken_, "told to break")}
                                  : apply(pending.commit);
            lock.unlock();
            answer(std::move(pending), std::move(result));
            lock.lock();
        }
    }

    core::Result<events::CommitResult> apply(events::Commit const& commit) {
        events::CommitResult result;
        largest_ = std::max(largest_, commit.events.size());
        for (auto const& event : commit.events) {
            auto const [known, added] = ids_.try_emplace({event.source, event.id}, events_.size() + 1);
            result.seqs.push_back(known->second);
            if (added) {
                events_.push_back(event);
            } else {
                ++result.repeats;
            }
        }
        for (auto const& move : commit.cursors) {
            if (move.erase) {
                cursors_.erase(move.name);
            } else {
                cursors_[move.name] = move.value;
            }
        }
        for (auto const& row : commit.rows) {
            if (row.value) {
                rows_[{row.space, row.key}] = *row.value;
            } else {
                rows_.erase({row.space, row.key});
            }
        }
        for (auto const& bound : commit.trims) trim(bound);
        return result;
    }

    void trim(events::Trim const& bound) {
        auto const in_space = [&](auto const& row) { return row.first.first == bound.space; };
        while (static_cast<std::uint64_t>(std::ranges::count_if(rows_, in_space)) > bound.rows) {
            rows_.erase(std::ranges::find_if(rows_, in_space));
        }
    }

    std::string epoch_ = "memory";
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool stop_ = false;
    std::optional<core::ErrorCode> refuse_;
    std::optional<core::ErrorCode> broken_;
    std::deque<events::PendingCommit> queue_;
    std::vector<core::NewEvent> events_;
    std::map<std::pair<std::string, std::string>, core::Seq> ids_;
    std::map<std::pair<std::string, std::string>, std::string> rows_;
    std::map<std::string, std::string> cursors_;
    std::size_t largest_ = 0;
    events::Tail tail_{0, 1024};
    std::thread thread_;
};

}  // namespace macp::testing
