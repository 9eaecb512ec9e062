#include "http/reply.hpp"

#include <array>
#include <charconv>

namespace macp::http {
namespace {

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
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Content";
        case 426:
            return "Upgrade Required";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        case 507:
            return "Insufficient Storage";
        default:
            return "Status";
    }
}

}  // namespace macp::http
