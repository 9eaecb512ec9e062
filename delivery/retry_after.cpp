#include "delivery/retry_after.hpp"

#include "core/json.hpp"
#include "core/number.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

namespace macp::delivery {
namespace {

using std::chrono::seconds;

constexpr seconds longest = std::chrono::days{365};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Date {
    int year = 0;
    unsigned day = 0;
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
    std::array<char, 4> month{};
};

/// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
bool scan(std::string const& text, Date& date) {
    auto& [year, day, hour, minute, second, month] = date;
    // NOLINTBEGIN(cert-err34-c): the numbers have two or four digits
    if (std::sscanf(
            text.c_str(), "%*3[A-Za-z], %2u %3[A-Za-z] %4d %2u:%2u:%2u GMT", &day, month.data(), &year, &hour, &minute,
            &second
        ) == 6) {
        return true;
    }
    if (std::sscanf(
            text.c_str(), "%*9[A-Za-z], %2u-%3[A-Za-z]-%2d %2u:%2u:%2u GMT", &day, month.data(), &year, &hour, &minute,
            &second
        ) == 6) {
        year += year < 70 ? 2000 : 1900;
        return true;
    }
    return std::sscanf(
               text.c_str(), "%*3[A-Za-z] %3[A-Za-z] %2u %2u:%2u:%2u %4d", month.data(), &day, &hour, &minute, &second,
               &year
           ) == 6;
    // NOLINTEND(cert-err34-c)
}

std::optional<core::Time> parse_http_date(std::string const& text) {
    Date date;
    if (!scan(text, date)) return std::nullopt;
    auto const month = std::ranges::find(months, std::string_view{date.month.data()});
    if (month == months.end() || date.hour > 23 || date.minute > 59 || date.second > 60) return std::nullopt;
    auto const number = static_cast<unsigned>(month - months.begin()) + 1;
    std::chrono::year_month_day const day{
        std::chrono::year{date.year}, std::chrono::month{number}, std::chrono::day{date.day}
    };
    if (!day.ok()) return std::nullopt;
    return core::Time{std::chrono::sys_days{day}} + std::chrono::hours{date.hour} + std::chrono::minutes{date.minute} +
           seconds{date.second};
}

}  // namespace

std::optional<seconds> parse_retry_after(std::string_view value, core::Time now) {
    auto const text = core::trim(value);
    bool const digits = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
    if (digits) return std::min(seconds{core::parse_number<seconds::rep>(text).value_or(longest.count())}, longest);
    auto const date = parse_http_date(std::string{text.substr(0, 64)});
    if (!date) return std::nullopt;
    return std::clamp(std::chrono::ceil<seconds>(*date - now), seconds{0}, longest);
}

}  // namespace macp::delivery
