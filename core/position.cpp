#include "core/position.hpp"

#include "core/number.hpp"

namespace macp::core {

Result<Position> parse_position(std::string_view text) {
    if (text == "start") return Position{.kind = Position::Kind::Start};
    if (text == "now") return Position{.kind = Position::Kind::Now};

    Position position{.kind = Position::Kind::At};
    auto number = text;
    if (auto const colon = text.find(':'); colon != std::string_view::npos) {
        position.epoch = text.substr(0, colon);
        number = text.substr(colon + 1);
        if (position.epoch.empty()) number = {};
    }
    auto const seq = parse_number<Seq>(number);
    if (!seq) {
        return fail(
            ErrorCode::InvalidField, "a position is `start`, `now`, a sequence number or `epoch:seq`, got `" +
                                         std::string{text.substr(0, 64)} + "`"
        );
    }
    position.seq = *seq;
    return position;
}

std::string format_position(std::string_view epoch, Seq seq) {
    return std::string{epoch} + ':' + std::to_string(seq);
}

void append_gap_members(std::string& out, Gap const& gap) {
    out += R"("from":)";
    out += std::to_string(gap.from);
    out += R"(,"to":)";
    out += std::to_string(gap.to);
    out += R"(,"why":")";
    out += gap.why;
    out += '"';
}

}  // namespace macp::core
