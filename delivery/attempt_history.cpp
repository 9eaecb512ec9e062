#include "delivery/attempt_history.hpp"

#include "core/json.hpp"
#include "core/number.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace macp::delivery {
namespace {

using Records = std::vector<AttemptRecord>;

constexpr std::string_view same_answer = "=";
constexpr std::size_t key_digits = 3;
constexpr std::size_t numbers = 6;

std::string slot_key(std::uint64_t slot) {
    auto digits = std::to_string(slot % AttemptHistory::slots);
    return std::string(key_digits - digits.size(), '0') + digits;
}

void append_number(std::string& text, std::uint64_t number) {
    std::array<char, 20> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    text.append(digits.data(), end);
}

std::string_view cut(std::string_view& text, char at) {
    auto const end = std::min(text.find(at), text.size());
    auto const part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

std::uint64_t number_in(std::string_view text) {
    return core::parse_number<std::uint64_t>(text).value_or(0);
}

std::string text_in(std::string_view json_text) {
    if (json_text.empty()) return {};
    auto const parsed = nlohmann::json::parse(json_text, nullptr, false);
    return parsed.is_string() ? parsed.get<std::string>() : std::string{};
}

/// `seq time took outcome status number<TAB>error<TAB>answer`, the texts as JSON strings or absent.
AttemptRecord record_in(std::string_view line, std::string const& answer_before) {
    auto head = cut(line, '\t');
    std::array<std::uint64_t, numbers> values{};
    for (auto& value : values) value = number_in(cut(head, ' '));
    auto const error = cut(line, '\t');
    return {
        .seq = values[0],
        .time = core::Time{std::chrono::microseconds{values[1]}},
        .took = std::chrono::microseconds{values[2]},
        .outcome = static_cast<Outcome>(std::min<std::uint64_t>(values[3], static_cast<std::uint64_t>(Outcome::Gone))),
        .status = static_cast<unsigned>(values[4]),
        .number = values[5],
        .error = text_in(error),
        .answer = line == same_answer ? answer_before : text_in(line),
    };
}

/// The number of the slot, then its records, oldest first.
std::pair<std::uint64_t, Records> records_in(std::string_view row) {
    std::pair<std::uint64_t, Records> found{number_in(cut(row, '\n')), {}};
    std::string answer;
    while (!row.empty()) {
        found.second.push_back(record_in(cut(row, '\n'), answer));
        answer = found.second.back().answer;
    }
    return found;
}

}  // namespace

std::string attempts_space(std::string_view target) {
    return "attempts:" + std::string{target};
}

AttemptHistory::AttemptHistory(std::string_view target, std::uint64_t slot)
    : space_{attempts_space(target)}, slot_{.number = slot + 1}, draft_{.number = slot + 1} {}

void AttemptHistory::add(AttemptRecord record) {
    last_ = record;
    if (unsaved_.size() == most_unsaved + drafted_) unsaved_.erase(unsaved_.begin() + static_cast<long>(drafted_));
    unsaved_.push_back(std::move(record));
}

void AttemptHistory::append(Slot& slot, AttemptRecord const& record) const {
    auto& text = slot.text;
    auto const outcome = static_cast<std::uint64_t>(record.outcome);
    auto const time = static_cast<std::uint64_t>(record.time.time_since_epoch().count());
    auto const took = static_cast<std::uint64_t>(std::max(record.took.count(), std::int64_t{0}));
    bool first = true;
    for (std::uint64_t const number : {record.seq, time, took, outcome, std::uint64_t{record.status}, record.number}) {
        if (!std::exchange(first, false)) text += ' ';
        append_number(text, number);
    }
    if (!record.error.empty() || !record.answer.empty()) {
        text += '\t';
        if (!record.error.empty()) core::append_json_string(text, record.error);
        text += '\t';
        if (record.answer == slot.last_answer) {
            text += record.answer.empty() ? std::string_view{} : same_answer;
        } else if (!record.answer.empty()) {
            core::append_json_string(text, record.answer);
        }
    }
    slot.last_answer = record.answer;
    text += '\n';
}

events::Row AttemptHistory::row_of(Slot const& slot, core::Time now) const {
    return {
        .space = space_,
        .key = slot_key(slot.number),
        .value = std::to_string(slot.number) + '\n' + slot.text,
        .expires = now + keep,
    };
}

std::uint64_t AttemptHistory::write(std::vector<events::Row>& rows, core::Time now) {
    draft_ = slot_;
    drafted_ = unsaved_.size();
    for (auto const& record : unsaved_) {
        if (draft_.text.size() >= slot_bytes) {
            rows.push_back(row_of(draft_, now));
            draft_ = {.number = draft_.number + 1};
        }
        append(draft_, record);
    }
    if (drafted_ != 0) rows.push_back(row_of(draft_, now));
    return draft_.text.empty() ? draft_.number - 1 : draft_.number;
}

void AttemptHistory::written() {
    slot_ = draft_;
    unsaved_.erase(unsaved_.begin(), unsaved_.begin() + static_cast<long>(drafted_));
    drafted_ = 0;
}

core::Result<AttemptPage> read_attempts(
    events::EventLog& log, std::string_view target, AttemptPlace from, std::size_t limit
) {
    auto const space = attempts_space(target);
    AttemptPage page;
    for (std::size_t seen = 0; seen < AttemptHistory::slots && from.slot != 0; ++seen, from = {.slot = from.slot - 1}) {
        auto const row = log.row(space, slot_key(from.slot));
        if (!row) return core::pass_on(row);
        if (!*row) break;  // expired, and so are all before it
        auto [number, records] = records_in(**row);
        if (number != from.slot) break;
        auto left = std::min(from.records, records.size());
        for (; left != 0 && page.records.size() < limit; --left) page.records.push_back(std::move(records[left - 1]));
        if (page.records.size() < limit) continue;
        page.next = AttemptPlace{.slot = from.slot, .records = left};
        break;
    }
    return page;
}

core::Result<Records> read_attempts_of(events::EventLog& log, std::string_view target, core::Seq seq) {
    auto const rows = log.rows(attempts_space(target), {}, AttemptHistory::slots);
    if (!rows) return core::pass_on(rows);
    auto const line_start = '\n' + std::to_string(seq) + ' ';
    Records found;
    for (auto const& row : *rows) {
        if (row.value->find(line_start) == std::string::npos) continue;
        for (auto& record : records_in(*row.value).second) {
            if (record.seq == seq) found.push_back(std::move(record));
        }
    }
    std::ranges::sort(found, {}, [](auto const& record) { return std::pair{record.time, record.number}; });
    return found;
}

}  // namespace macp::delivery
