// The ndjson line reader: whatever way the bytes arrive in, the same lines come out, and their places in the stream.
#include "fuzz/fuzz.hpp"
#include "ingest/line_reader.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr std::size_t max_line_bytes = 64;

struct Seen {
    std::string text;
    std::uint64_t begin;
    std::uint64_t length;
    bool too_long;
    bool operator==(Seen const&) const = default;
};

/// What lines mean: cut at '\n', without '\r' before it, blank ones passed over, the last only when it has an end.
std::vector<Seen> lines_of(std::string_view input) {
    std::vector<Seen> lines;
    std::size_t begin = 0;
    for (auto end = input.find('\n'); end != std::string_view::npos; begin = end + 1, end = input.find('\n', begin)) {
        auto text = input.substr(begin, end - begin);
        if (text.ends_with('\r')) text.remove_suffix(1);
        bool const too_long = text.size() > max_line_bytes;
        if (!too_long && text.find_first_not_of(" \t\r\v\f") == std::string_view::npos) continue;
        lines.push_back({too_long ? std::string{} : std::string{text}, begin, text.size(), too_long});
    }
    return lines;
}

void collect(macp::ingest::LineReader& reader, std::string_view input, std::vector<Seen>& lines) {
    while (auto const line = reader.next()) {
        if (line->too_long) {
            macp::fuzz::require(
                input.substr(line->begin, line->text.size()) == line->text, "a long line keeps its beginning"
            );
        }
        lines.push_back(
            {line->too_long ? std::string{} : std::string{line->text}, line->begin, line->length, line->too_long}
        );
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 8) return 0;
    std::uint64_t seed = 0;
    for (std::size_t at = 0; at < 8; ++at) seed = seed << 8U | data[at];
    auto const input = macp::fuzz::text_of(data + 8, size - 8);

    macp::ingest::LineReader reader{max_line_bytes, 16};
    macp::fuzz::Cuts cuts{seed};
    std::vector<Seen> lines;
    for (auto rest = input; !rest.empty();) {
        auto const space = reader.space();
        macp::fuzz::require(!space.empty(), "there is always space");
        auto const bytes = std::min(space.size(), cuts.next(rest.size()));
        std::memcpy(space.data(), rest.data(), bytes);
        rest.remove_prefix(bytes);
        reader.filled(bytes);
        collect(reader, input, lines);
    }
    macp::fuzz::require(lines == lines_of(input), "the lines are those of the stream");
    macp::fuzz::require(reader.done() <= input.size(), "no more is done than was there");
    return 0;
}
