#include "http/request_parser.hpp"

#include "http/uri.hpp"

#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <utility>

namespace macp::http {
namespace {

namespace beast_http = boost::beast::http;

constexpr std::size_t first_body_bytes = std::size_t{64} << 10;  ///< Reserved on a promise; more only as it comes.

std::string_view view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

/// True when the first line ends like `HTTP/2.0`: a version, whichever it is.
bool names_version(std::string_view request) {
    auto const line = request.substr(0, request.find_first_of("\r\n"));
    if (!request.substr(line.size()).starts_with("\r\n")) return false;
    auto version = line.substr(line.rfind(' ') + 1);
    constexpr std::string_view name = "HTTP/";
    if (!version.starts_with(name)) return false;
    version.remove_prefix(name.size());
    auto const is_digit = [](char c) { return c >= '0' && c <= '9'; };
    bool const has_minor = version.size() == 3 && version[1] == '.' && is_digit(version[2]);
    return !version.empty() && is_digit(version[0]) && (version.size() == 1 || has_minor);
}

/// A header line that goes on in the next one.
bool has_fold(std::string_view header) {
    for (auto at = header.find('\n'); at != std::string_view::npos; at = header.find('\n', at + 1)) {
        if (at + 1 < header.size() && (header[at + 1] == ' ' || header[at + 1] == '\t')) return true;
    }
    return false;
}

}  // namespace

std::size_t RequestParser::feed(std::string_view bytes, Error& error) {
    // Beast asserts that there are five bytes of a last chunk; no chunked body ends with fewer, so they can wait.
    constexpr std::size_t last_chunk_bytes = 5;
    if (is_header_done() && !is_done() && chunked() && bytes.size() < last_chunk_bytes) {
        error = beast_http::error::need_more;
        return 0;
    }
    bool const in_header = !is_header_done();
    auto const used = put(boost::asio::const_buffer{bytes.data(), bytes.size()}, error);
    if (!in_header) return used;
    header_bytes_ += used;
    if (!error || error == beast_http::error::need_more) {
        // Beast takes a line only once it has seen what follows: a fold is never cut in two.
        if (has_fold(bytes.substr(0, used)))
            refuse(error, {.message = "a header is folded over two lines", .field = {}});
    }
    // Beast reads nothing before the whole header is there: `bytes` begins with the request line.
    other_version_ = error == beast_http::error::bad_version && names_version(bytes);
    return used;
}

void RequestParser::refuse(Error& error, Fault fault) {
    error = beast_http::error::bad_field;
    fault_ = fault;
}

void RequestParser::
    on_request_impl(beast_http::verb /*verb*/, Text method, Text target, int version, Error& /*error*/) {
    request_.method = method;
    target_ = target;
    version_ = version;
    request_.headers.reserve(8);
}

void RequestParser::on_field_impl(Field field, Text name, Text value, Error& error) {
    if (field == Field::host && std::exchange(has_host_, true)) {
        refuse(error, {.message = "there is more than one Host", .field = "Host"});
    } else if (field == Field::host && value.empty()) {
        refuse(error, {.message = "the Host is empty", .field = "Host"});
    }
    if (field == Field::transfer_encoding) {
        if (version_ < 11 || !equal_ignoring_case(view(value), "chunked"))
            error = beast_http::error::bad_transfer_encoding;
    }
    if (error || header_done_) return;
    auto& [key, text] = request_.headers.emplace_back();
    key = name;
    make_lower(key);
    text = value;
}

void RequestParser::on_header_impl(Error& error) {
    header_done_ = true;
    if (version_ >= 11 && !has_host_) refuse(error, {.message = "a request of HTTP/1.1 needs a Host", .field = "Host"});
}

void RequestParser::on_body_init_impl(boost::optional<std::uint64_t> const& length, Error& /*error*/) {
    if (length && !discarding_) request_.body.reserve(std::min<std::uint64_t>(*length, first_body_bytes));
}

std::size_t RequestParser::on_body_impl(Text bytes, Error& /*error*/) {
    if (!discarding_) request_.body.append(bytes.data(), bytes.size());
    return bytes.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t /*remaining*/, Text bytes, Error& error) {
    return on_body_impl(bytes, error);
}

}  // namespace macp::http
