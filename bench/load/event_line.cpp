#include "bench/load/event_line.hpp"

#include <charconv>
#include <cstring>
#include <stdexcept>

namespace macp::bench {
namespace {

constexpr std::string_view head = R"({"event_type":"task.progress","task_id":"bench-07")";
constexpr std::string_view number_key = R"("n":)";
constexpr std::string_view time_key = R"(,"t":)";
constexpr std::size_t number_digits = 10;
constexpr std::size_t time_digits = 19;
constexpr std::uint64_t number_base = 1'000'000'000;
constexpr std::int64_t time_base = 1'000'000'000'000'000'000;
constexpr std::size_t number_at = head.size() + 1 + number_key.size();
constexpr std::size_t time_at = number_at + number_digits + time_key.size();

template <class T>
T digits(char const* begin, std::size_t count) {
    T value{};
    std::from_chars(begin, begin + count, value);
    return value;
}

bool stands_at(std::string_view text, std::size_t at, std::string_view key) {
    return at + key.size() <= text.size() && std::memcmp(text.data() + at, key.data(), key.size()) == 0;
}

}  // namespace

EventLine::EventLine(std::size_t bytes) {
    line_.append(head).append(",").append(number_key).append(number_digits, '0');
    line_.append(time_key).append(time_digits, '0').append(R"(,"pad":")");
    if (bytes < line_.size() + 2) throw std::invalid_argument{"an event line needs 110 bytes"};
    line_.resize(bytes - 2, 'x');
    line_.append("\"}");
}

void EventLine::append(std::string& out, std::uint64_t n, std::int64_t sent_ns) {
    std::to_chars(line_.data() + number_at, line_.data() + number_at + number_digits, number_base + n);
    std::to_chars(line_.data() + time_at, line_.data() + time_at + time_digits, time_base + sent_ns);
    out.append(line_).push_back('\n');
}

std::optional<EventMark> find_mark(std::string_view message, std::size_t hint) {
    if (!stands_at(message, hint, number_key)) hint = message.find(number_key);
    if (hint == std::string_view::npos || hint + number_key.size() + number_digits > message.size()) return {};
    auto const number = digits<std::uint64_t>(message.data() + hint + number_key.size(), number_digits);
    if (number < number_base) return {};
    return EventMark{.n = number - number_base, .at = hint};
}

std::int64_t sent_at(std::string_view message, EventMark const& mark) {
    auto const key = mark.at + number_key.size() + number_digits;
    if (!stands_at(message, key, time_key) || key + time_key.size() + time_digits > message.size()) return -1;
    return digits<std::int64_t>(message.data() + key + time_key.size(), time_digits) - time_base;
}

}  // namespace macp::bench
