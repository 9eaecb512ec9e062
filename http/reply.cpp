#include "http/reply.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace macp::http {
namespace {

constexpr auto reason_phrases = std::to_array<std::pair<unsigned, std::string_view>>({
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
});

void append_number(std::string& out, std::uint64_t value) {
    std::array<char, 20> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value.substr(0, value.find_first_of(std::string_view{"\r\n\0", 3}));
    out += "\r\n";
}

}  // namespace

std::string_view DateText::now() {
    auto const second = std::time(nullptr);
    if (second == second_) return text_;
    second_ = second;
    std::tm parts{};
    ::gmtime_r(&second, &parts);
    constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::array<char, 64> text{};
    auto const size = std::snprintf(  // strftime would speak the user's language
        text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[static_cast<std::size_t>(parts.tm_wday)],
        parts.tm_mday, months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour,
        parts.tm_min, parts.tm_sec
    );
    text_.assign(text.data(), static_cast<std::size_t>(size));
    return text_;
}

bool may_have_body(unsigned status) {
    return status >= 200 && status != 204 && status != 304;
}

void append_head(std::string& out, Response const& response, Head const& head) {
    out += head.http_1_1 ? "HTTP/1.1 " : "HTTP/1.0 ";
    append_number(out, response.status);
    out += ' ';
    out += reason_phrase(response.status);
    out += "\r\nServer: macp\r\nDate: ";
    out += head.date;
    out += "\r\n";
    if (!head.request_id.empty()) append_field(out, "X-Request-Id", head.request_id);
    for (auto const& [name, value] : response.headers) append_field(out, name, value);
    if (!response.content_type.empty() && may_have_body(response.status)) {
        append_field(out, "Content-Type", response.content_type);
    }
    if (head.framing == Framing::Length) {
        out += "Content-Length: ";
        append_number(out, head.length);
        out += "\r\n";
    }
    if (head.framing == Framing::Chunked) out += "Transfer-Encoding: chunked\r\n";
    if (!head.keep_alive) {
        out += "Connection: close\r\n";
    } else if (!head.http_1_1) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
}

std::string_view reason_phrase(unsigned status) {
    auto const found = std::ranges::find(reason_phrases, status, &decltype(reason_phrases)::value_type::first);
    return found == reason_phrases.end() ? "Status" : found->second;
}

}  // namespace macp::http
