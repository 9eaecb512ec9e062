#include "core/time.hpp"

namespace macp::core {
namespace {

// What four digits of a year can say in UTC.
constexpr Time first_time{std::chrono::sys_days{std::chrono::year{0} / 1 / 1}};
constexpr Time end_of_time{std::chrono::sys_days{std::chrono::year{10'000} / 1 / 1}};

/// Reads exactly `digits` decimal digits at `at` and moves past them; -1 when they are not there.
int read_digits(std::string_view text, std::size_t& at, std::size_t digits) {
    if (at + digits > text.size()) return -1;
    int value = 0;
    for (std::size_t const end = at + digits; at < end; ++at) {
        if (text[at] < '0' || text[at] > '9') return -1;
        value = value * 10 + (text[at] - '0');
    }
    return value;
}

bool skip(std::string_view text, std::size_t& at, std::string_view any_of) {
    if (at >= text.size() || any_of.find(text[at]) == std::string_view::npos) return false;
    ++at;
    return true;
}

/// The digits after the point; nothing when there are none.
std::optional<std::chrono::microseconds> read_fraction(std::string_view text, std::size_t& at) {
    auto const first = at;
    long value = 0;
    int digits = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
        if (digits < 6) {
            value = value * 10 + (text[at] - '0');
            ++digits;
        }
    }
    if (at == first) return std::nullopt;
    for (; digits < 6; ++digits) value *= 10;
    return std::chrono::microseconds{value};
}

/// `Z`, `+hh:mm` or `-hh:mm` up to the end of the text.
std::optional<std::chrono::minutes> read_offset(std::string_view text, std::size_t at) {
    if (skip(text, at, "Zz")) return at == text.size() ? std::optional{std::chrono::minutes{0}} : std::nullopt;
    bool const west = at < text.size() && text[at] == '-';
    if (!skip(text, at, "+-")) return std::nullopt;
    int const hours = read_digits(text, at, 2);
    if (hours < 0 || !skip(text, at, ":")) return std::nullopt;
    int const minutes = read_digits(text, at, 2);
    if (minutes < 0 || hours > 23 || minutes > 59 || at != text.size()) return std::nullopt;
    auto const offset = std::chrono::hours{hours} + std::chrono::minutes{minutes};
    return west ? -offset : offset;
}

/// `value` in decimal, with leading zeros up to `width`. Every event's time is written: printf took a tenth of its
/// append.
void append_digits(std::string& out, long value, std::size_t width) {
    auto const first = out.size();
    out.append(width, '0');
    for (std::size_t at = first + width; at > first && value > 0; value /= 10)
        out[--at] = static_cast<char>('0' + value % 10);
}

std::optional<std::chrono::sys_days> read_date(std::string_view text, std::size_t& at) {
    int const year = read_digits(text, at, 4);
    if (year < 0 || !skip(text, at, "-")) return std::nullopt;
    int const month = read_digits(text, at, 2);
    if (month < 0 || !skip(text, at, "-")) return std::nullopt;
    int const day = read_digits(text, at, 2);
    std::chrono::year_month_day const date{
        std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
        std::chrono::day{static_cast<unsigned>(day)}
    };
    if (day < 0 || !date.ok()) return std::nullopt;
    return std::chrono::sys_days{date};
}

std::optional<std::chrono::seconds> read_clock(std::string_view text, std::size_t& at) {
    int const hour = read_digits(text, at, 2);
    if (hour < 0 || hour > 23 || !skip(text, at, ":")) return std::nullopt;
    int const minute = read_digits(text, at, 2);
    if (minute < 0 || minute > 59 || !skip(text, at, ":")) return std::nullopt;
    int const second = read_digits(text, at, 2);
    if (second < 0 || second > 60) return std::nullopt;  // 60: a leap second becomes the next minute
    return std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second};
}

}  // namespace

void append_time(std::string& out, Time time) {
    auto const day = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day const date{day};
    std::chrono::hh_mm_ss const clock{time - day};
    append_digits(out, static_cast<int>(date.year()), 4);
    out += '-';
    append_digits(out, static_cast<unsigned>(date.month()), 2);
    out += '-';
    append_digits(out, static_cast<unsigned>(date.day()), 2);
    out += 'T';
    append_digits(out, clock.hours().count(), 2);
    out += ':';
    append_digits(out, clock.minutes().count(), 2);
    out += ':';
    append_digits(out, clock.seconds().count(), 2);
    if (auto const micros = clock.subseconds().count(); micros != 0) {
        out += '.';
        micros % 1000 == 0 ? append_digits(out, micros / 1000, 3) : append_digits(out, micros, 6);
    }
    out += 'Z';
}

std::string format_time(Time time) {
    std::string out;
    append_time(out, time);
    return out;
}

std::optional<Time> parse_time(std::string_view text) {
    std::size_t at = 0;
    auto const date = read_date(text, at);
    if (!date || !skip(text, at, "Tt ")) return std::nullopt;
    auto const clock = read_clock(text, at);
    if (!clock) return std::nullopt;

    std::optional fraction{std::chrono::microseconds{0}};
    if (skip(text, at, ".")) fraction = read_fraction(text, at);
    auto const offset = read_offset(text, at);
    if (!fraction || !offset) return std::nullopt;
    auto const time = Time{*date} + *clock + *fraction - *offset;
    if (time < first_time || time >= end_of_time) return std::nullopt;
    return time;
}

}  // namespace macp::core
