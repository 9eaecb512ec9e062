#include "events/checkpoints.hpp"

#include "async/thread_name.hpp"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <string_view>
#include <utility>

namespace macp::events {
namespace {

void tell_unfinished(core::Result<void> const& folded) {
    if (!folded) spdlog::debug("a checkpoint of the event log did not finish: {}", folded.error().message);
}

}  // namespace

core::Result<std::unique_ptr<Checkpoints>> Checkpoints::open(
    io::Database& writer, std::filesystem::path const& path, int busy_ms, int pages
) {
    auto helper = io::Database::open(path, io::Database::Mode::ReadWrite, busy_ms);
    if (!helper) return core::pass_on(helper);
    // A connection that has read nothing does not know of the write-ahead log yet, and would fold in nothing.
    if (auto const read = helper->integer("SELECT count(*) FROM sqlite_schema"); !read) return core::pass_on(read);
    return std::unique_ptr<Checkpoints>{new Checkpoints{writer, *std::move(helper), pages}};
}

Checkpoints::Checkpoints(io::Database& writer, io::Database helper, int pages)
    : writer_{&writer}, helper_{std::move(helper)}, pages_{pages}, thread_{[this] { work(); }} {}

Checkpoints::~Checkpoints() {
    {
        std::scoped_lock const lock{mutex_};
        stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Checkpoints::after_commit() {
    auto const waiting = writer_->wal_pages();
    if (waiting < pages_) return;
    if (!begun_) begin();
    // Half as much again may gather meanwhile; then commits wait, for the write-ahead log must not outgrow the space
    // that is set aside for it.
    if (running() && waiting < pages_ + pages_ / 2) return;
    wait();
    fold_rest();
}

void Checkpoints::fold_now() {
    wait();
    begun_ = false;
    tell_unfinished(writer_->checkpoint(io::Database::Checkpoint::Passive));
}

void Checkpoints::fold_rest() {
    begun_ = false;
    // Readers may keep it from starting over: when it has grown a lot, wait for them to get out of the way.
    auto const how =
        writer_->wal_pages() < 4 * pages_ ? io::Database::Checkpoint::Passive : io::Database::Checkpoint::Restart;
    tell_unfinished(writer_->checkpoint(how));
}

void Checkpoints::begin() {
    begun_ = true;
    {
        std::scoped_lock const lock{mutex_};
        running_ = true;
    }
    changed_.notify_all();
}

bool Checkpoints::running() const {
    std::scoped_lock const lock{mutex_};
    return running_;
}

void Checkpoints::wait() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return !running_; });
}

void Checkpoints::work() {
    async::name_this_thread("checkpoint");
    ::setpriority(PRIO_PROCESS, 0, 10);  // of this thread: nobody waits for it, as a rule
    std::unique_lock lock{mutex_};
    for (;;) {
        changed_.wait(lock, [this] { return running_ || stop_; });
        if (stop_) return;
        lock.unlock();
        tell_unfinished(helper_.checkpoint(io::Database::Checkpoint::Passive));
        lock.lock();
        running_ = false;
        changed_.notify_all();
    }
}

}  // namespace macp::events
