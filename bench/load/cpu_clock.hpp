#pragma once

#include <sys/types.h>

#include <utility>
#include <vector>

namespace macp::bench {

/// CPU time that other processes have used, all threads (ended ones too), to the nanosecond.
class CpuClock {
public:
    explicit CpuClock(std::vector<pid_t> pids) : pids_{std::move(pids)} {}

    /// Sum over the processes, seconds. Throws std::system_error when one is gone.
    [[nodiscard]] double seconds() const;

private:
    std::vector<pid_t> pids_;
};

}  // namespace macp::bench
