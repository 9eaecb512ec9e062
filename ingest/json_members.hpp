#pragma once

#include "core/event.hpp"
#include "core/result.hpp"
#include "ingest/event_line.hpp"

#include <array>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

// What the readers of lines and of bodies share. Not for other folders: it brings in the JSON parser.
namespace macp::ingest {

/// A JSON parser that refuses nothing that is JSON: numbers beyond 64 bits are stood in for. Threads: one at a time.
class JsonParser {
public:
    /// The root of `text`, valid until the next call. `padded`: readable bytes follow the text.
    /// Errors: BadJson.
    [[nodiscard]] core::Result<simdjson::dom::element> parse(std::string_view text, bool padded);

private:
    simdjson::dom::parser parser_;
    std::string rewritten_;
};

/// A parser for one text at a time, which keeps its buffers: making them takes longer than a small body. The calling
/// thread's own; whoever uses it must be done with its values before anyone else on this thread parses.
[[nodiscard]] JsonParser& thread_parser();

/// The members of an object that say what an event is; the first of a name counts.
enum class Name {
    Id,
    Type,
    Kind,
    Time,
    Data,
    Event,
    TaskId,
    Payload,
    EventId,
    Metadata,
    Timestamp,
    EventType,
    SessionId,
    SpecVersion,
    SessionName,
    EventTimestamp,
    Count
};
class Members {
public:
    Members() = default;
    explicit Members(simdjson::dom::object object);
    /// Nothing when there is no such member.
    [[nodiscard]] simdjson::dom::element const* find(Name name) const {
        auto const index = static_cast<std::size_t>(name);
        return (has_ & (1U << index)) != 0 ? &found_[index] : nullptr;
    }

private:
    std::array<simdjson::dom::element, static_cast<std::size_t>(Name::Count)> found_{};
    std::uint32_t has_ = 0;  ///< One bit a name.
};

/// Text that is not blank; nothing otherwise.
[[nodiscard]] std::optional<std::string_view> text_of(simdjson::dom::element const* value);
/// Text that is not blank, or a whole number as its digits.
[[nodiscard]] std::optional<std::string> name_of(simdjson::dom::element const* value);
/// The members of an object; none of anything else.
[[nodiscard]] Members members_of(simdjson::dom::element const* value);

/// Fills id, time, subject and source, as `fill_attributes` does, and leaves the type.
void fill_identity(core::NewEvent& event, Members const& top, Members const& inside, EventDefaults const& defaults);

/// Fills type, id, time, subject and source. `inside`: a payload to look into after the top and `metadata`.
/// Errors: InvalidField `/type`, or an attribute that is too long.
[[nodiscard]] core::Result<void> fill_attributes(
    core::NewEvent& event, Members const& top, Members const& inside, EventDefaults const& defaults
);

/// A valid text without insignificant white space, numbers and strings as they were written.
[[nodiscard]] std::string minified(std::string_view text);

/// The raw values of the members of an object, or of the elements of an array, out of a valid minified text.
[[nodiscard]] std::vector<std::string_view> raw_values(std::string_view minified_text);

}  // namespace macp::ingest
