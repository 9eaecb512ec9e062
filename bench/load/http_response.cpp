#include "bench/load/http_response.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string>
namespace macp::bench {
namespace {

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

// The value of a field; `name` in lower case.
std::string_view field(std::string_view head, std::string_view name) {
    for (auto line = head.find("\r\n"); line != std::string_view::npos; line = head.find("\r\n", line)) {
        line += 2;
        auto const rest = head.substr(line);
        if (rest.size() <= name.size() || rest[name.size()] != ':') continue;
        if (!std::ranges::equal(rest.substr(0, name.size()), name, {}, lower)) continue;
        auto value = rest.substr(name.size() + 1, rest.find("\r\n") - name.size() - 1);
        value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
        return value;
    }
    return {};
}

}  // namespace

HttpResponse read_response(std::string_view text) {
    auto const end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) return {};
    HttpResponse response{.size = end + 4, .head = text.substr(0, end + 2)};
    if (!text.starts_with("HTTP/1.1 ") || text.size() < 12)
        throw std::runtime_error{"not an HTTP/1.1 response: " + std::string{text.substr(0, 40)}};
    std::from_chars(text.data() + 9, text.data() + 12, response.status);
    if (response.status < 200 || response.status == 204 || response.status == 304) return response;
    auto const length = field(response.head, "content-length");
    std::size_t body = 0;
    if (std::from_chars(length.data(), length.data() + length.size(), body).ptr == length.data())
        throw std::runtime_error{"a response without Content-Length: " + std::string{response.head}};
    response.size += body;
    if (text.size() < response.size) return {};
    return response;
}

}  // namespace macp::bench
