#include "delivery/feed.hpp"

#include "delivery/dead_letters.hpp"

#include <algorithm>
#include <utility>

namespace macp::delivery {
namespace {

using async::Task;
using core::Result;
using MaybeGap = std::optional<core::Gap>;

constexpr std::size_t page_bytes = std::size_t{1} << 20;
constexpr std::size_t most_chunks = 256;
constexpr std::size_t most_looks = 2000;  // at events that are not wanted, before others get their turn
constexpr std::size_t letters_a_page = 64;

Result<events::Page> read_page(events::EventLog& log, core::Filter const& filter, core::Seq after, core::Seq until) {
    return log.read(after, filter, {.bytes = page_bytes, .until = until});
}

Result<Held> read_one(events::EventLog& log, core::Seq seq) {
    auto page = log.read(seq - 1, {}, {.events = 1, .until = seq});
    if (!page) return core::pass_on(page);
    if (page->events.empty()) return Held{};
    auto const chunk = std::make_shared<events::Chunk const>(std::move(page->events));
    return Held{.owner = chunk, .event = (*chunk)[0]};
}

}  // namespace

LogFeed::LogFeed(FeedSource source, std::shared_ptr<Selection const> selection, Range range)
    : source_{source},
      selection_{std::move(selection)},
      until_{range.until},
      types_{.types = std::move(range.types)},
      scanned_{range.after} {}

core::Seq LogFeed::last() const {
    auto const newest = source_.log.tail().last();
    return until_ ? std::min(*until_, newest) : newest;
}

bool LogFeed::passes(core::EventView const& event) const {
    if (!types_.matches_type(event.type)) return false;
    return filtered_ ? selection_->may_have(event) : selection_->wants(event);
}

Held LogFeed::next() {
    for (std::size_t looks = 0; looks < most_looks;) {
        if (!chunk_ || index_ == chunk_->size()) {
            if (!next_chunk()) return {};
            continue;
        }
        auto const event = (*chunk_)[index_];
        if (until_ && event.seq > *until_) {
            drop_page();
            scanned_ = std::max(scanned_, *until_);
            return {};
        }
        ++index_;
        ++looks;
        scanned_ = event.seq;
        if (passes(event)) return {.owner = chunk_, .event = event};
    }
    return {};
}

bool LogFeed::next_chunk() {
    chunk_.reset();
    if (page_.empty()) {
        scanned_ = std::max(scanned_, page_end_);
        std::size_t bytes = 0;
        for (auto const& chunk : source_.log.tail().after(scanned_)) {
            if (bytes >= page_bytes || page_.size() == most_chunks) break;
            bytes += chunk->bytes();
            page_.push_back(chunk);
        }
        if (page_.empty()) return false;
        filtered_ = false;
    }
    chunk_ = std::move(page_.front());
    page_.pop_front();
    index_ = chunk_->index_after(scanned_);
    return true;
}

void LogFeed::drop_page() {
    chunk_.reset();
    page_.clear();
    page_end_ = 0;
}

void LogFeed::skip_to(core::Seq seq) {
    if (seq <= scanned_) return;
    drop_page();
    scanned_ = seq;
}

Feed::More LogFeed::more() const {
    if ((chunk_ && index_ < chunk_->size()) || !page_.empty()) return More::Now;
    auto const at = std::max(scanned_, page_end_);
    if (at < last()) return at + 1 >= source_.log.tail().oldest() ? More::Now : More::OnDisk;
    return until_ && at >= *until_ ? More::Never : More::Later;
}

Task<Result<MaybeGap>> LogFeed::fetch() {
    auto job = [&log = source_.log, selection = selection_, after = std::max(scanned_, page_end_), until = last()] {
        return read_page(log, selection->filter(), after, until);
    };
    auto page = co_await source_.readers.run(std::move(job));
    if (!page) co_return core::pass_on(page);
    if (page->scanned <= scanned_) co_return MaybeGap{};  // skipped to meanwhile
    drop_page();
    filtered_ = true;
    page_end_ = page->scanned;
    if (!page->events.empty()) page_.push_back(std::make_shared<events::Chunk const>(std::move(page->events)));
    co_return std::move(page->gap);
}

Task<Result<Held>> LogFeed::load(core::Seq seq) {
    auto job = [&log = source_.log, seq] { return read_one(log, seq); };
    co_return co_await source_.readers.run(std::move(job));
}

DeadLetterFeed::DeadLetterFeed(FeedSource source, std::string space, Range range)
    : source_{source},
      space_{std::move(space)},
      range_{std::move(range)},
      page_end_{range_.after},
      scanned_{range_.after} {}

Held DeadLetterFeed::next() {
    if (page_.empty()) {
        scanned_ = page_end_;
        return {};
    }
    auto held = std::move(page_.front());
    page_.pop_front();
    scanned_ = held.event.seq;
    return held;
}

Feed::More DeadLetterFeed::more() const {
    if (!page_.empty()) return More::Now;
    return ended_ ? More::Never : More::OnDisk;
}

Task<Result<MaybeGap>> DeadLetterFeed::fetch() {
    auto job = [&log = source_.log, space = space_, after = page_end_] {
        return log.rows(space, seq_key(after), letters_a_page, page_bytes);
    };
    auto const rows = co_await source_.readers.run(std::move(job));
    if (!rows) co_return core::pass_on(rows);
    ended_ = rows->empty();
    for (auto const& row : *rows) {
        auto letter = dead_letter_event(*row.value);
        if (!letter) co_return core::pass_on(letter);
        auto const seq = letter->event.seq;
        if (seq > range_.until) {
            ended_ = true;
            break;
        }
        page_end_ = seq;
        bool const wanted = range_.chosen.empty() || std::ranges::binary_search(range_.chosen, seq);
        if (wanted) page_.push_back(*std::move(letter));
    }
    if (ended_) page_end_ = range_.until;
    co_return MaybeGap{};
}

Task<Result<Held>> DeadLetterFeed::load(core::Seq seq) {
    auto job = [&log = source_.log, space = space_, seq] { return log.row(space, seq_key(seq)); };
    auto const row = co_await source_.readers.run(std::move(job));
    if (!row) co_return core::pass_on(row);
    if (!*row) co_return Held{};
    co_return dead_letter_event(**row);
}

}  // namespace macp::delivery
