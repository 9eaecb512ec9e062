#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace macp::cli {

/// Calls `stop` on the first SIGINT or SIGTERM, on a thread of its own; the second ends the process at once.
/// Make it before any other thread, so that none of them takes the signals.
class StopSignal {
public:
    explicit StopSignal(std::function<void()> stop);
    StopSignal(StopSignal const&) = delete;
    StopSignal& operator=(StopSignal const&) = delete;
    ~StopSignal();

private:
    std::function<void()> stop_;
    std::atomic<bool> over_{false};
    std::thread thread_;
};

}  // namespace macp::cli
