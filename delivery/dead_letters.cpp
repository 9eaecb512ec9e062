#include "delivery/dead_letters.hpp"

#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>

namespace macp::delivery {
namespace {

using nlohmann::json;

constexpr std::size_t key_digits = 20;
constexpr std::size_t page_bytes = std::size_t{4} << 20;

std::string text_of(json const& row, char const* name) {
    auto const found = row.find(name);
    return found != row.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::uint64_t number_of(json const& row, char const* name) {
    auto const found = row.find(name);
    return found != row.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

core::Result<json> parse_row(std::string_view row) {
    auto parsed = json::parse(row, nullptr, false);
    if (!parsed.is_object()) return core::fail(core::ErrorCode::Corrupt, "a dead letter cannot be read");
    return parsed;
}

}  // namespace

std::string dead_letter_space(std::string_view target) {
    return "dead:" + std::string{target};
}

std::string seq_key(core::Seq seq) {
    auto digits = std::to_string(seq);
    return std::string(key_digits - digits.size(), '0') + digits;
}

events::Row dead_letter_row(std::string_view target, DeadLetter const& letter, core::EventView const& event) {
    auto const data_offset = event.data.empty() ? 0 : event.data.data() - event.text.data();
    json row{
        {"seq", letter.seq},
        {"source", event.source},
        {"type", event.type},
        {"subject", event.subject},
        {"data_offset", static_cast<std::uint64_t>(data_offset)},
        {"data_size", event.data.size()},
        {"reason", letter.reason},
        {"attempts", letter.attempts},
        {"status", letter.status},
        {"error", letter.error},
        {"answer", letter.answer},
        {"died", core::format_time(letter.died)},
        {"event", event.text},
    };
    if (letter.first_failed) row["first_failed"] = core::format_time(*letter.first_failed);
    return {.space = dead_letter_space(target), .key = seq_key(letter.seq), .value = core::dump_json(row)};
}

events::Row erased_dead_letter(std::string_view target, core::Seq seq) {
    return {.space = dead_letter_space(target), .key = seq_key(seq)};
}

core::Result<DeadLetter> read_dead_letter(std::string_view text) {
    auto const row = parse_row(text);
    if (!row) return core::pass_on(row);
    return DeadLetter{
        .seq = number_of(*row, "seq"),
        .type = text_of(*row, "type"),
        .reason = text_of(*row, "reason"),
        .attempts = number_of(*row, "attempts"),
        .status = static_cast<unsigned>(number_of(*row, "status")),
        .error = text_of(*row, "error"),
        .answer = text_of(*row, "answer"),
        .first_failed = core::parse_time(text_of(*row, "first_failed")),
        .died = core::parse_time(text_of(*row, "died")).value_or(core::Time{}),
        .event = text_of(*row, "event"),
    };
}

core::Result<Held> dead_letter_event(std::string_view text) {
    auto const row = parse_row(text);
    if (!row) return core::pass_on(row);
    core::DataSpan const data{.offset = number_of(*row, "data_offset"), .size = number_of(*row, "data_size")};
    return hold(
        number_of(*row, "seq"), text_of(*row, "source"), text_of(*row, "type"), text_of(*row, "subject"),
        text_of(*row, "event"), data
    );
}

core::Result<std::vector<DeadLetter>> read_dead_letters(
    events::EventLog& log, std::string_view target, core::Seq after, std::size_t limit
) {
    auto const rows = log.rows(dead_letter_space(target), seq_key(after), limit, page_bytes);
    if (!rows) return core::pass_on(rows);
    std::vector<DeadLetter> letters;
    letters.reserve(rows->size());
    for (auto const& row : *rows) {
        auto letter = read_dead_letter(*row.value);
        if (!letter) return core::pass_on(letter);
        letters.push_back(*std::move(letter));
    }
    return letters;
}

}  // namespace macp::delivery
