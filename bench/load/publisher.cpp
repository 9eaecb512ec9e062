#include "bench/load/publisher.hpp"

#include <algorithm>

namespace macp::bench {
namespace {

constexpr double second_ns = 1e9;
constexpr std::chrono::milliseconds longest_wait{20};

}  // namespace

Publisher::Publisher(Loop& loop, FanoutOptions const& options)
    : loop_{loop}, options_{options}, line_{options.line_bytes} {}

void Publisher::start(std::int64_t now) {
    due_ = now;
}

void Publisher::publish(std::uint64_t complete, std::int64_t now) {
    if (options_.rate <= 0) {
        while (bursts_ - complete < options_.window) {
            auto* const peer = idle_peer();
            if (peer == nullptr) return;
            post(*peer, now_ns());
        }
        return;
    }
    while (due_ <= now) {
        auto* const peer = idle_peer();
        if (peer == nullptr) return;
        post(*peer, due_);
        due_ += static_cast<std::int64_t>(second_ns / options_.rate);
    }
}

std::chrono::nanoseconds Publisher::idle_time(std::int64_t now) const {
    if (options_.rate <= 0 || due_ <= now) return longest_wait;
    return std::min<std::chrono::nanoseconds>(std::chrono::nanoseconds{due_ - now}, longest_wait);
}

bool Publisher::all_answered() const {
    return std::ranges::all_of(peers_, [](auto const& peer) { return peer->outstanding() == 0; });
}

// Connections are opened when needed: servers close those that say nothing for a while.
HttpPeer* Publisher::idle_peer() {
    std::erase_if(peers_, [](auto const& peer) { return peer->closed(); });
    auto const idle = std::ranges::find_if(peers_, [](auto const& peer) { return peer->outstanding() == 0; });
    if (idle != peers_.end()) return idle->get();
    if (peers_.size() >= options_.publishers) return nullptr;
    return peers_.emplace_back(std::make_unique<HttpPeer>(loop_, options_.publish, tally_)).get();
}

void Publisher::post(HttpPeer& peer, std::int64_t due) {
    body_.clear();
    for (std::size_t i = 0; i < options_.burst; ++i) line_.append(body_, events_++, due);
    peer.post(options_.publish_path, body_, due);
    peer.flush();
    ++bursts_;
}

}  // namespace macp::bench
