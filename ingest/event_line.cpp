#include "ingest/event_line.hpp"

#include "ingest/canonical_type.hpp"
#include "ingest/contract_fields.hpp"
#include "ingest/json_members.hpp"

#include <utility>

namespace macp::ingest {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

core::Result<core::NewEvent> parse_line(
    JsonParser& parser, std::string_view line, bool padded, EventDefaults const& defaults
) {
    if (line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
    auto const root = parser.parse(line, padded);
    if (!root) return core::pass_on(root);
    simdjson::dom::object object;
    if (root->get_object().get(object) != simdjson::SUCCESS) {
        return core::fail(core::ErrorCode::InvalidField, "an event is a JSON object");
    }
    core::NewEvent event;
    auto const filled = fill_attributes(event, Members{object}, Members{}, defaults);
    if (!filled) return core::pass_on(filled);
    // A bare carriage return is white space to JSON, but ends a line for some who read it.
    bool const one_line = line.find('\r') == std::string_view::npos;
    event.data = one_line ? std::string{line} : minified(line);
    if (may_be_contract_type(event.type)) {
        auto const applied = apply_contract(parser, event, {.strict = false});
        if (!applied) return core::pass_on(applied);
    }
    return event;
}

}  // namespace

struct LineParser::State {
    JsonParser parser;
};

LineParser::LineParser() : state_{std::make_unique<State>()} {}
LineParser::LineParser(LineParser&&) noexcept = default;
LineParser& LineParser::operator=(LineParser&&) noexcept = default;
LineParser::~LineParser() = default;

core::Result<core::NewEvent> LineParser::parse(std::string_view line, EventDefaults const& defaults) {
    return parse_line(state_->parser, line, true, defaults);
}

core::Result<core::NewEvent> event_from_line(std::string_view line, EventDefaults const& defaults) {
    JsonParser parser;
    return parse_line(parser, line, false, defaults);
}

}  // namespace macp::ingest
