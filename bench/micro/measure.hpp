#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace macp::bench {

/// How long each part is run; short with `--quick`.
[[nodiscard]] inline std::chrono::milliseconds micro_time(int argc, char** argv) {
    bool const quick = argc > 1 && std::string_view{argv[1]} == "--quick";
    return std::chrono::milliseconds{quick ? 50 : 1000};
}

/// CPU time of this process, so that a busy machine makes a part no slower.
[[nodiscard]] inline std::chrono::nanoseconds cpu_time() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
}

/// Runs `pass`, which does `count` of something, for `time`, and prints one line of JSON with the rate.
template <class Pass>
void measure(char const* what, std::chrono::milliseconds time, std::size_t count, Pass&& pass) {
    pass();
    auto const begin = cpu_time();
    std::size_t done = 0;
    for (; cpu_time() - begin < time; done += count) pass();
    std::chrono::duration<double> const took = cpu_time() - begin;
    std::printf("{\"what\":\"%s\",\"per_second\":%.0f}\n", what, static_cast<double>(done) / took.count());
}

/// Lines as an orchestrator writes them, about 300 bytes each.
[[nodiscard]] inline std::vector<std::string> event_lines(std::size_t count) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < count; ++i) {
        auto const number = std::to_string(100'000 + i);
        lines.emplace_back(R"({"event_type":"task.progress","event_id":"e-)")
            .append(number)
            .append(R"(","timestamp":"2026-03-31T09:00:00Z","task_id":"task-)")
            .append(number)
            .append(R"(","status":"running","runtime":"codex","attempt":1,"max_attempts":3,"message":"step )")
            .append(number)
            .append(R"( of many: \"reading\" the sources","duration_seconds":12.5,"metadata":{"repo_name":"gateway",)")
            .append(R"("branch":"main","files":["a.cpp","b.cpp"],"tokens":48213}})");
    }
    return lines;
}

}  // namespace macp::bench
