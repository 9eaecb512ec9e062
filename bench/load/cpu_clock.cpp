#include "bench/load/cpu_clock.hpp"

#include <cerrno>
#include <ctime>
#include <system_error>

namespace macp::bench {

double CpuClock::seconds() const {
    double total = 0;
    for (auto const pid : pids_) {
        clockid_t clock = 0;
        timespec used{};
        if (int const error = clock_getcpuclockid(pid, &clock); error != 0)
            throw std::system_error{error, std::generic_category(), "clock_getcpuclockid"};
        if (clock_gettime(clock, &used) != 0) throw std::system_error{errno, std::generic_category(), "clock_gettime"};
        total += static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
    }
    return total;
}

}  // namespace macp::bench
