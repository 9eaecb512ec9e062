#pragma once

#include "bench/load/histogram.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace macp::bench {

/// How far one subscriber has come.
struct Progress {
    std::uint64_t events = 0;
    std::uint64_t sum = 0;  ///< Of the numbers received: with the count it shows that none is missing or doubled.
    std::size_t hint = 0;
    bool greeted = false;  ///< The server's first message of its own has come.
};

/// What a group of subscribers received together, and which bursts all of them have.
class Tally {
public:
    struct Options {
        std::size_t subscribers = 0;
        std::size_t burst = 1;          ///< Events in a burst.
        std::size_t latency_every = 1;  ///< Measure the latency of one event in so many.
        bool ordered = true;            ///< Events must come in the order of their numbers.
    };

    explicit Tally(Options options);

    /// One message that came at `now` (ns).
    void on_message(Progress& progress, std::string_view message, std::int64_t now);

    /// A frame with `bytes` of payload came.
    void on_frame(std::size_t bytes);

    void on_closed() { ++closed_; }

    /// Bursts that every subscriber has in full.
    [[nodiscard]] std::uint64_t complete_bursts() const { return complete_; }

    [[nodiscard]] std::uint64_t events() const { return events_; }
    [[nodiscard]] std::uint64_t closed() const { return closed_; }
    [[nodiscard]] std::int64_t first_event_ns() const { return first_event_; }
    [[nodiscard]] std::int64_t last_event_ns() const { return last_event_; }

    /// Forgets what has been measured, not how far the subscribers are.
    void restart();

    /// Counts, sizes, faults and latency since the restart.
    [[nodiscard]] nlohmann::ordered_json summary() const;

private:
    void on_other(Progress& progress, std::string_view message);
    void on_burst(std::uint64_t burst);

    Options options_;
    std::vector<std::size_t> reached_;  ///< By burst modulo its size: subscribers that have it.
    std::uint64_t complete_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t frames_ = 0;
    std::uint64_t payload_bytes_ = 0;
    std::uint64_t message_bytes_ = 0;
    std::uint64_t others_ = 0;
    std::uint64_t gaps_ = 0;
    std::uint64_t disordered_ = 0;
    std::uint64_t closed_ = 0;
    std::int64_t first_event_ = 0;
    std::int64_t last_event_ = 0;
    Histogram latency_;
};

}  // namespace macp::bench
