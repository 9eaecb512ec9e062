#include "ingest/line_file.hpp"

namespace macp::ingest {
namespace {

constexpr std::size_t kept_torn_bytes = std::size_t{1} << 20;

}  // namespace

core::Result<LineFile::Outcome> LineFile::read_block(OnLine const& on_line) {
    left_.reset();
    bool const more = tail_.file() && tail_.has_more();
    auto const read = tail_.read(more ? reader_.space() : std::span<char>{});
    holding_ = holding_ || more;
    if (!read) return core::pass_on(read);
    switch (read->found) {
        case io::FileTail::Found::Absent:
            return Outcome::Absent;
        case io::FileTail::Found::Nothing: {
            if (tail_.leaving()) return Outcome::Leaving;
            if (tail_.has_more()) return Outcome::More;
            settle();
            return Outcome::Idle;
        }
        case io::FileTail::Found::Moved:
            begin_stream();
            return Outcome::More;
        case io::FileTail::Found::Data: {
            reader_.filled(read->bytes);
            while (auto const line = reader_.next()) on_line(*line, base_ + line->begin, false);
            consume();
            return Outcome::More;
        }
        case io::FileTail::Found::Ended:
            break;
    }
    if (auto const line = reader_.finish()) on_line(*line, base_ + line->begin, true);
    consume();
    left_ = tail_.place();
    tail_.next_file();
    begin_stream();
    return Outcome::More;
}

void LineFile::restart(io::FilePlace place) {
    tail_.restart(place);
    begin_stream();
}

void LineFile::consume() {
    tail_.consume(reader_.done() - consumed_, reader_.last_done());
    consumed_ = reader_.done();
}

void LineFile::begin_stream() {
    reader_.reset();
    base_ = tail_.place().offset;
    consumed_ = 0;
}

/// Nothing more to read for now: many idle files must not hold a buffer each.
void LineFile::settle() {
    if (!std::exchange(holding_, false)) return;
    if (!reader_.settle(kept_torn_bytes)) tail_.rewind();
}

}  // namespace macp::ingest
