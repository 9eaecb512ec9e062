#include "async/cores.hpp"

#include <doctest/doctest.h>

#include <sched.h>
#include <thread>

using namespace macp;

TEST_SUITE("cores") {
    TEST_CASE("counts the cores that the process may run on, not those of the machine") {
        std::size_t on_one = 0;
        // On a thread of its own: affinity belongs to a thread, and goes with it.
        std::thread pinned{[&] {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &one);
            if (::sched_setaffinity(0, sizeof one, &one) == 0) on_one = async::usable_cores();
        }};
        pinned.join();
        CHECK(on_one == 1);
        CHECK(async::usable_cores() >= 1);
        CHECK(async::usable_cores() <= std::thread::hardware_concurrency());
    }
}
