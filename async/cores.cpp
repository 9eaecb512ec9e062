#include "async/cores.hpp"

#include <algorithm>
#include <sched.h>
#include <thread>

namespace macp::async {

std::size_t usable_cores() noexcept {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    // Fails on machines with more cores than the set holds (1024).
    auto const known = ::sched_getaffinity(0, sizeof cores, &cores) == 0;
    return std::max<std::size_t>(
        1, known ? static_cast<std::size_t>(CPU_COUNT(&cores)) : std::thread::hardware_concurrency()
    );
}

}  // namespace macp::async
