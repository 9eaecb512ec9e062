#include "cli/sink_tally.hpp"

#include <iterator>

namespace macp::cli {

SinkTally::Arrival SinkTally::note(std::string const& epoch, core::Seq seq) {
    auto& stretches = logs_[epoch];
    auto next = stretches.upper_bound(seq);
    if (next != stretches.begin() && std::prev(next)->second >= seq) {
        ++repeats_;
        return Arrival::Repeat;
    }
    ++events_;
    bool const late = next != stretches.end();
    if (late) ++late_;
    auto last = seq;
    if (late && next->first == seq + 1) {
        last = next->second;
        next = stretches.erase(next);
    }
    if (next != stretches.begin() && std::prev(next)->second + 1 == seq) {
        std::prev(next)->second = last;
    } else {
        stretches.emplace_hint(next, seq, last);
    }
    return late ? Arrival::Late : Arrival::Next;
}

std::vector<core::Gap> SinkTally::gaps() const {
    std::vector<core::Gap> all;
    for (auto const& [epoch, stretches] : logs_) {
        for (auto one = stretches.begin(); one != stretches.end() && std::next(one) != stretches.end(); ++one) {
            all.push_back({.from = one->second + 1, .to = std::next(one)->first - 1, .why = "not received"});
        }
    }
    return all;
}

}  // namespace macp::cli
