// What the watcher does with a line, beside a general JSON parser on the same lines.
#include "bench/micro/measure.hpp"
#include "ingest/event_line.hpp"
#include "ingest/line_reader.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <cstring>
#include <iostream>

namespace {

using namespace macp;

void fail_unless(bool good) {
    if (good) return;
    std::cerr << "a line was not read\n";
    std::exit(1);  // NOLINT(concurrency-mt-unsafe): there is one thread
}

std::size_t parse_stream(std::string_view stream, ingest::LineParser& parser, ingest::EventDefaults const& defaults) {
    ingest::LineReader reader{std::size_t{16} << 20};
    std::size_t events = 0;
    while (!stream.empty()) {
        auto const space = reader.space();
        auto const block = stream.substr(0, space.size());
        std::memcpy(space.data(), block.data(), block.size());
        reader.filled(block.size());
        stream.remove_prefix(block.size());
        while (auto const line = reader.next()) events += parser.parse(line->text, defaults).has_value() ? 1U : 0U;
    }
    return events;
}

}  // namespace

int main(int argc, char** argv) {
    auto const time = bench::micro_time(argc, argv);
    auto const lines = bench::event_lines(10'000);
    std::string stream;
    for (auto const& line : lines) stream.append(line).push_back('\n');

    ingest::LineParser parser;
    ingest::EventDefaults const defaults{.source = "/orchestrator/events"};
    bench::measure("watcher: line to event", time, lines.size(), [&] {
        fail_unless(parse_stream(stream, parser, defaults) == lines.size());
    });
    bench::measure("nlohmann parse", time, lines.size(), [&] {
        for (auto const& line : lines) fail_unless(nlohmann::json::parse(line, nullptr, false).is_object());
    });
}
