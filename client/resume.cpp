#include "client/resume.hpp"

#include <algorithm>

namespace macp::client {

core::Result<Resume> Resume::from(std::string const& since) {
    Resume resume;
    resume.since_ = since.empty() ? "now" : since;
    auto const position = core::parse_position(resume.since_);
    if (!position) return core::fail(position.error().code, position.error().message, "since");
    resume.epoch_ = position->epoch;
    resume.last_ = position->seq;
    return resume;
}

void Resume::greet(Hello const& hello) {
    if (epoch_ != hello.epoch) {
        // A bare number means whichever log answers first. After that, a new epoch is another log: all of it is new.
        if (!epoch_.empty()) last_ = 0;
        epoch_ = hello.epoch;
    }
    if (since_ == "now") {
        last_ = hello.seq;
        since_ = at(last_);
    }
}

bool Resume::take(core::Seq seq) {
    if (seq <= last_) return false;
    last_ = seq;
    since_ = at(seq);
    return true;
}

void Resume::skip(core::Gap const& gap) {
    // After an epoch gap the log is read from its start; after any other, from the gap's end.
    last_ = gap.why == "epoch" ? 0 : std::max(last_, gap.to);
    since_ = at(last_);
}

}  // namespace macp::client
