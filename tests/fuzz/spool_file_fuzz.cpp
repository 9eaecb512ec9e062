// Files of the spool: whatever lies there is none of ours, or a body that comes out as it went in, and that its door
// reads or refuses.
#include "fuzz/fuzz.hpp"
#include "ingest/read_again.hpp"
#include "ingest/spool_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace macp;
    using fuzz::require;
    auto const body = ingest::parse_spooled(fuzz::text_of(data, size));
    if (!body) {
        require(body.error().code == core::ErrorCode::Corrupt, "what is none of ours is told as that");
        return 0;
    }
    auto const again = ingest::parse_spooled(ingest::format_spooled(*body));
    require(again.has_value(), "a body can be written");
    require(again->door == body->door && again->text == body->text, "door and text stay");
    require(again->content_type == body->content_type && again->headers == body->headers, "what the door reads stays");
    require(again->received == body->received, "its time stays");
    // The door of native hooks asks the file system.
    if (body->door.ends_with("/native/hook")) return 0;
    ingest::Refused const sent{
        .door = body->door, .text = body->text, .content_type = body->content_type, .headers = body->headers
    };
    auto const events = ingest::read_again(sent, {.received = body->received, .id = "spool:x"});
    require(events || !events.error().message.empty(), "a refusal says why");
    return 0;
}
