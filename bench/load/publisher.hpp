#pragma once

#include "bench/load/event_line.hpp"
#include "bench/load/fanout.hpp"
#include "bench/load/http_peer.hpp"

#include <memory>
#include <string>
#include <vector>

namespace macp::bench {

/// Posts bursts of events: as the window allows, or by the clock.
class Publisher {
public:
    Publisher(Loop& loop, FanoutOptions const& options);

    /// By the clock: the first post is due now.
    void start(std::int64_t now);

    /// Posts what is due. `complete`: bursts that every subscriber has.
    void publish(std::uint64_t complete, std::int64_t now);

    /// How long nothing will be due.
    [[nodiscard]] std::chrono::nanoseconds idle_time(std::int64_t now) const;

    [[nodiscard]] std::uint64_t bursts() const { return bursts_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }
    [[nodiscard]] bool all_answered() const;
    [[nodiscard]] HttpTally& tally() { return tally_; }

private:
    HttpPeer* idle_peer();
    void post(HttpPeer& peer, std::int64_t due);

    Loop& loop_;
    FanoutOptions const& options_;
    HttpTally tally_;
    std::vector<std::unique_ptr<HttpPeer>> peers_;
    EventLine line_;
    std::string body_;
    std::uint64_t bursts_ = 0;
    std::uint64_t events_ = 0;
    std::int64_t due_ = 0;
};

}  // namespace macp::bench
