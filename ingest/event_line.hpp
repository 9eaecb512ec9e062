#pragma once

#include "core/event.hpp"
#include "core/result.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace macp::ingest {

/// What an event gets that says nothing of it itself.
struct EventDefaults {
    std::string source{};   ///< `/orchestrator/events` for lines, `/api/events` for bodies.
    core::Time received{};  ///< The time of an event that has none.
    std::string id{};       ///< The id of an event that has none; empty: a new one.
};

/// Reads lines of `events.ndjson`. Keeps its memory from line to line. Threads: one at a time.
class LineParser {
public:
    LineParser();
    LineParser(LineParser&&) noexcept;
    LineParser& operator=(LineParser&&) noexcept;
    ~LineParser();

    /// Makes an event of one line; all of the line is validated, and its bytes become `data` as they are: only
    /// agent.* and session.* events are renamed and gain the fields of the contract.
    /// `line` must be followed by `LineReader::padding` readable bytes.
    /// Errors: BadJson (not JSON, not UTF-8), InvalidField.
    [[nodiscard]] core::Result<core::NewEvent> parse(std::string_view line, EventDefaults const& defaults);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The same for a line that has no padding behind it. Threads: safe from anywhere.
[[nodiscard]] core::Result<core::NewEvent> event_from_line(std::string_view line, EventDefaults const& defaults);

}  // namespace macp::ingest
