#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace macp::server {

struct ThreadStats {
    std::string name{};
    int tid = 0;
    double cpu_percent = 0;  ///< Of one core, since the sample before.
};

struct ProcessStats {
    double cpu_percent = 0;  ///< Of one core, since the sample before; all threads.
    double cpu_seconds = 0;  ///< Since the start.
    std::uint64_t rss_bytes = 0;
    std::uint64_t open_files = 0;
    std::vector<ThreadStats> threads{};
};

/// Reads what the kernel knows of this process (`/proc/self`). Threads: one at a time.
class ProcessSampler {
public:
    [[nodiscard]] ProcessStats sample();

private:
    std::chrono::steady_clock::time_point last_{};
    double last_cpu_seconds_ = 0;
    std::map<int, double> last_by_thread_;
};

}  // namespace macp::server
