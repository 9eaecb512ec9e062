#include "delivery/dead_letters.hpp"
#include "delivery/lane.hpp"

#include <utility>

namespace macp::delivery {

using async::Task;

Stream Lane::make_live(Progress const& progress) const {
    auto feed = std::make_unique<LogFeed>(
        FeedSource{services_.log, services_.readers}, selection_, LogFeed::Range{.after = progress.after}
    );
    return {std::move(feed), policy_, progress.after};
}

std::unique_ptr<Stream> Lane::make_errand(Errand const& errand) const {
    FeedSource const source{services_.log, services_.readers};
    auto const after = errand.progress.after;
    std::unique_ptr<Feed> feed;
    if (errand.kind == Errand::Kind::Replay) {
        LogFeed::Range range{.after = after, .until = errand.until, .types = errand.types};
        feed = std::make_unique<LogFeed>(source, selection_, std::move(range));
    } else {
        DeadLetterFeed::Range range{.after = after, .until = errand.until, .chosen = errand.chosen};
        feed = std::make_unique<DeadLetterFeed>(source, dead_letter_space(id()), std::move(range));
    }
    auto stream = std::make_unique<Stream>(std::move(feed), policy_, after);
    stream->errand = errand.kind;
    return stream;
}

/// Puts back in hand what was open. False when the log cannot be read for now; then nothing has happened.
Task<bool> Lane::restore(Stream& stream, Progress const& progress) {
    std::vector<Held> events(progress.open.size());
    if (policy_.ordering == Ordering::Subject) {  // who waits for whom must be known
        for (std::size_t i = 0; i < events.size(); ++i) {
            auto held = co_await stream.feed->load(progress.open[i].seq);
            if (!held) {
                co_await sit_out(held.error());
                co_return false;
            }
            events[i] = *std::move(held);
        }
    }
    auto const now = Instant::of(services_.clock);
    for (std::size_t i = 0; i < events.size(); ++i) {
        auto const& open = progress.open[i];
        if (policy_.ordering == Ordering::Subject && !events[i]) {
            note_missed({.from = open.seq, .to = open.seq, .why = "retention"});
        } else {
            stream.docket.restore(open, std::move(events[i]), now);
        }
    }
    co_return true;
}

Task<> Lane::open_errand() {
    fetching_ = true;
    auto const errand = ledger_.record().errands.front();
    auto stream = make_errand(errand);
    bool const restored = co_await restore(*stream, errand.progress);
    if (restored) errand_ = std::move(stream);
    fetching_ = false;
}

void Lane::close_errand() {
    errand_.reset();
    auto& errands = ledger_.record().errands;
    errands.erase(errands.begin());
    ledger_.touch(true);
}

}  // namespace macp::delivery
