#include "bench/load/tally.hpp"

#include "bench/load/event_line.hpp"

#include <nlohmann/json.hpp>

namespace macp::bench {
namespace {

// A subscriber may be ahead of the slowest by fewer bursts than this; the publisher's window sees to it.
constexpr std::size_t bursts_apart = std::size_t{1} << 20;

}  // namespace

Tally::Tally(Options options) : options_{options}, reached_(bursts_apart) {}

void Tally::on_message(Progress& progress, std::string_view message, std::int64_t now) {
    auto const mark = find_mark(message, progress.hint);
    if (!mark) {
        on_other(progress, message);
        return;
    }
    progress.hint = mark->at;
    if (options_.ordered && mark->n != progress.events) ++disordered_;
    ++progress.events;
    progress.sum += mark->n;
    ++events_;
    message_bytes_ += message.size();
    if (first_event_ == 0) first_event_ = now;
    last_event_ = now;
    if (mark->n % options_.latency_every == options_.latency_every - 1) {
        if (auto const sent = sent_at(message, *mark); sent >= 0) latency_.record(now - sent);
    }
    if (progress.events % options_.burst == 0) on_burst(progress.events / options_.burst - 1);
}

void Tally::on_other(Progress& progress, std::string_view message) {
    ++others_;
    if (message.find(R"("op":"hello")") != std::string_view::npos) progress.greeted = true;
    if (message.find(R"("op":"gap")") != std::string_view::npos) ++gaps_;
}

void Tally::on_burst(std::uint64_t burst) {
    ++reached_[burst % bursts_apart];
    while (reached_[complete_ % bursts_apart] == options_.subscribers) {
        reached_[complete_ % bursts_apart] = 0;
        ++complete_;
    }
}

void Tally::on_frame(std::size_t bytes) {
    ++frames_;
    payload_bytes_ += bytes;
}

void Tally::restart() {
    events_ = frames_ = payload_bytes_ = message_bytes_ = others_ = 0;
    first_event_ = last_event_ = 0;
    latency_.clear();
}

nlohmann::ordered_json Tally::summary() const {
    auto const mean = events_ == 0 ? 0.0 : static_cast<double>(message_bytes_) / static_cast<double>(events_);
    return {{"deliveries", events_},     {"frames", frames_},         {"payload_bytes", payload_bytes_},
            {"message_bytes", mean},     {"other_messages", others_}, {"gaps", gaps_},
            {"disordered", disordered_}, {"closed", closed_},         {"latency_us", latency_.summary()}};
}

}  // namespace macp::bench
