// Positions and what else comes in as a short text: times, listen addresses, sizes.
#include "core/config_value.hpp"
#include "core/listen_address.hpp"
#include "core/position.hpp"
#include "core/time.hpp"
#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const text = macp::fuzz::text_of(data, size);
    auto const position = macp::core::parse_position(text);
    if (position && position->kind == macp::core::Position::Kind::At && !position->epoch.empty()) {
        auto const again = macp::core::parse_position(macp::core::format_position(position->epoch, position->seq));
        macp::fuzz::require(again && *again == *position, "a position survives being written and read");
    }
    static_cast<void>(macp::core::parse_time(text));
    static_cast<void>(macp::core::parse_listen_address(text));
    static_cast<void>(macp::core::parse_byte_size(text));
    return 0;
}
