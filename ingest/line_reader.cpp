#include "ingest/line_reader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace macp::ingest {
namespace {

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\v\f") == std::string_view::npos;
}

}  // namespace

std::span<char> LineReader::space() {
    // The torn line moves to the front; while it is short, that costs nothing worth saving.
    if (begin_ > 0) {
        std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        scanned_ -= begin_;
        begin_ = 0;
    }
    reserve(end_ + block_bytes_);
    return {buffer_.get() + end_, capacity_ - end_};
}

void LineReader::reserve(std::size_t bytes) {
    if (bytes <= capacity_) return;
    // Doubling keeps the copying of a long line linear; beyond the longest line there is no need for more.
    auto const most = max_line_bytes_ + 2 * block_bytes_;
    auto const capacity = std::max(bytes, std::min(2 * capacity_, most));
    auto grown = std::make_unique_for_overwrite<char[]>(capacity + padding);  // NOLINT(modernize-avoid-c-arrays)
    if (end_ > 0) std::memcpy(grown.get(), buffer_.get(), end_);
    std::memset(grown.get() + capacity, 0, padding);
    buffer_ = std::move(grown);
    capacity_ = capacity;
}

void LineReader::filled(std::size_t bytes) {
    end_ += bytes;
}

std::optional<Line> LineReader::next() {
    while (scanned_ < end_) {
        auto const* const found =
            static_cast<char const*>(std::memchr(buffer_.get() + scanned_, '\n', end_ - scanned_));
        if (found == nullptr) {
            scanned_ = end_;
            break;
        }
        if (auto line = cut(static_cast<std::size_t>(found - buffer_.get()), 1)) return line;
    }
    if (end_ - begin_ > max_line_bytes_ + 1 || skipped_ > 0) skip_what_is_here();
    return std::nullopt;
}

std::optional<Line> LineReader::finish() {
    if (!torn()) return std::nullopt;
    return cut(end_, 0);
}

/// Takes the line that ends at `end`, with `ending` bytes of line end behind it.
std::optional<Line> LineReader::cut(std::size_t end, std::size_t ending) {
    std::string_view text{buffer_.get() + begin_, end - begin_};
    Line line{.begin = done_, .length = skipped_ + text.size()};
    done_ += line.length + ending;
    begin_ = scanned_ = end + ending;
    bool const was_skipping = std::exchange(skipped_, 0) > 0;
    if (text.ends_with('\r')) {
        text.remove_suffix(1);
        --line.length;
    }
    if (line.length > max_line_bytes_) {
        if (!was_skipping) kept_.clear();
        kept_.append(text.substr(0, kept_bytes - std::min(kept_.size(), kept_bytes)));
        line.text = kept_;
        line.too_long = true;
        return line;
    }
    line.text = text;
    return is_blank(text) ? std::nullopt : std::optional{line};
}

/// The line is too long already: keeps its beginning and drops the rest that has arrived.
void LineReader::skip_what_is_here() {
    if (skipped_ == 0) kept_.clear();
    bool const may_end = end_ > begin_ && buffer_[end_ - 1] == '\r';  // the first half of a line end, perhaps
    if (may_end) --end_;
    auto const room = kept_bytes - std::min(kept_.size(), kept_bytes);
    kept_.append(buffer_.get() + begin_, std::min(room, end_ - begin_));
    skipped_ += end_ - begin_;
    begin_ = scanned_ = end_ = 0;
    if (may_end) buffer_[end_++] = '\r';
}

void LineReader::reset() {
    begin_ = scanned_ = end_ = 0;
    done_ = skipped_ = 0;
    kept_.clear();
}

bool LineReader::settle(std::size_t keep) {
    auto const rest = end_ - begin_;
    bool const kept = rest <= keep;
    auto const old = std::move(buffer_);
    auto const from = begin_;
    auto const scanned = scanned_ - begin_;
    capacity_ = begin_ = scanned_ = end_ = 0;
    if (!kept) return false;
    if (rest > 0) {
        reserve(rest);
        std::memcpy(buffer_.get(), old.get() + from, rest);
        end_ = rest;
        scanned_ = scanned;
    }
    return true;
}

}  // namespace macp::ingest
