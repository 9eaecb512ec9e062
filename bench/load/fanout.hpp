#pragma once

#include "bench/load/subscriber.hpp"

#include <nlohmann/json_fwd.hpp>
#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace macp::bench {

struct FanoutOptions {
    Subscription subscription{};
    std::size_t subscribers = 100;
    Address publish{};
    std::string publish_path{};  ///< Where bodies of event lines are posted; empty: only listen, for `expect` events.
    std::size_t publishers = 1;  ///< Connections that post; with several the order of events is not checked.
    std::size_t line_bytes = 256;
    std::size_t burst = 64;  ///< Events in a post.
    std::size_t window = 1;  ///< Bursts on their way at once; the next waits until all subscribers have an older one.
    double rate = 0;         ///< Posts a second instead of a window; 0: by window.
    double warmup_seconds = 0.3;
    double seconds = 2;
    double guard_seconds = 120;  ///< The run fails when it has not ended by then.
    std::size_t latency_every = 1;
    std::uint64_t expect = 0;
    std::size_t slow = 0;                 ///< Further subscribers that read slowly.
    double slow_bytes_per_second = 1024;  ///< 0: not at all.
    bool drain_slow = false;              ///< At the end let them read everything and check it.
    std::vector<pid_t> server_pids{};
};

/// Publishes events to a server and checks that every subscriber gets each once and in order.
/// The answer has `"ok"`, the CPU that the server used per delivery, rates and latencies.
/// Throws std::runtime_error when the run cannot go on.
[[nodiscard]] nlohmann::ordered_json run_fanout(FanoutOptions const& options);

/// Opens idle subscribers in steps; after each prints `{"open":n}` and waits for a line on standard input.
void hold_idle(Subscription const& subscription, std::vector<std::size_t> const& steps);

}  // namespace macp::bench
