#include "core/time.hpp"

#include <array>
#include <cstdio>

namespace macp::core {
namespace {

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

}  // namespace

void append_time(std::string& out, Time time) {
    auto const day = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day const date{day};
    std::chrono::hh_mm_ss const clock{time - day};
    std::array<char, 48> text{};
    int size = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count())
    );
    out.append(text.data(), static_cast<std::size_t>(size));
    if (auto const micros = clock.subseconds().count(); micros != 0) {
        size = micros % 1000 == 0 ? std::snprintf(text.data(), text.size(), ".%03d", static_cast<int>(micros / 1000))
                                  : std::snprintf(text.data(), text.size(), ".%06d", static_cast<int>(micros));
        out.append(text.data(), static_cast<std::size_t>(size));
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
    int const year = read_digits(text, at, 4);
    if (year < 0 || !skip(text, at, "-")) return std::nullopt;
    int const month = read_digits(text, at, 2);
    if (month < 0 || !skip(text, at, "-")) return std::nullopt;
    int const day = read_digits(text, at, 2);
    std::chrono::year_month_day const date{
        std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
        std::chrono::day{static_cast<unsigned>(day)}
    };
    if (day < 0 || !date.ok() || !skip(text, at, "Tt ")) return std::nullopt;

    int const hour = read_digits(text, at, 2);
    if (hour < 0 || hour > 23 || !skip(text, at, ":")) return std::nullopt;
    int const minute = read_digits(text, at, 2);
    if (minute < 0 || minute > 59 || !skip(text, at, ":")) return std::nullopt;
    int const second = read_digits(text, at, 2);
    if (second < 0 || second > 60) return std::nullopt;  // 60: a leap second becomes the next minute

    std::optional fraction{std::chrono::microseconds{0}};
    if (skip(text, at, ".")) fraction = read_fraction(text, at);
    auto const offset = read_offset(text, at);
    if (!fraction || !offset) return std::nullopt;
    return Time{std::chrono::sys_days{date}} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
           std::chrono::seconds{second} + *fraction - *offset;
}

}  // namespace macp::core
