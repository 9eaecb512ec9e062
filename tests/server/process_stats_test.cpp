#include "server/process_stats.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <thread>

using macp::server::ProcessSampler;

TEST_SUITE("process sampler") {
    TEST_CASE("sees this process: memory, files, and the thread that works") {
        ProcessSampler sampler;
        static_cast<void>(sampler.sample());
        std::atomic<bool> stop{false};
        std::thread busy{[&stop] {
            while (!stop) {
            }
        }};
        // The kernel counts in hundredths of a second: work until it has counted some.
        double spent = 0;
        auto const start = sampler.sample().cpu_seconds;
        for (int tries = 0; tries < 100'000 && spent <= start; ++tries) spent = ProcessSampler{}.sample().cpu_seconds;
        auto const stats = sampler.sample();
        stop = true;
        busy.join();
        CHECK(spent > start);
        CHECK(stats.rss_bytes > 1'000'000);
        CHECK(stats.open_files >= 3);
        CHECK(stats.threads.size() >= 2);
        CHECK(stats.cpu_percent > 0);
    }
}
