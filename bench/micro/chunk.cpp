// Serialising events for all readers at once.
#include "events/chunk.hpp"

#include "bench/micro/measure.hpp"

#include <cstdlib>
#include <utility>

int main(int argc, char** argv) {
    using namespace macp;
    auto const time = bench::micro_time(argc, argv);
    constexpr std::size_t batch = 64;
    std::vector<core::NewEvent> events;
    for (auto& line : bench::event_lines(batch)) {
        events.push_back({
            .id = "0193d5a0-7c00-7000-8000-0123456789ab",
            .source = "/orchestrator/events",
            .type = "task.progress",
            .subject = "task-1",
            .time = {},
            .data = std::move(line),
        });
    }
    core::Seq seq = 0;
    bench::measure("event to text in a chunk of 64", time, batch, [&] {
        events::Chunk chunk;
        for (auto const& event : events) chunk.append(++seq, event);
        if (chunk.size() != batch) std::abort();
    });
}
