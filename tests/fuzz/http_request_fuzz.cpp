// The edge of the HTTP parser: whatever way the bytes arrive in, the same request comes out, or none.
#include "fuzz/fuzz.hpp"
#include "http/negotiate.hpp"
#include "http/request_parser.hpp"

#include <boost/beast/http/error.hpp>

#include <string>

namespace {

using macp::http::RequestParser;

struct Outcome {
    bool failed = false;
    bool done = false;
    std::string text{};
    bool operator==(Outcome const&) const = default;
};

/// Feeds what `buffer` holds and drops what was used. False once the parser is done or has failed.
bool feed(RequestParser& parser, std::string& buffer, Outcome& outcome) {
    while (!buffer.empty()) {
        RequestParser::Error error;
        auto const used = parser.feed(buffer, error);
        macp::fuzz::require(used <= buffer.size(), "uses no more than there is");
        buffer.erase(0, used);
        if (error && error != boost::beast::http::error::need_more) {
            outcome.failed = true;
            return false;
        }
        if (parser.is_done()) {
            outcome.done = true;
            return false;
        }
        if (error || used == 0) return true;
    }
    return true;
}

std::string describe(RequestParser& parser) {
    auto& request = parser.request();
    std::string text = request.method + ' ' + parser.target() + '\n';
    for (auto const& [name, value] : request.headers) {
        macp::fuzz::require(name.find_first_of("\r\n: ") == std::string::npos, "a header's name is a token");
        macp::fuzz::require(value.find_first_of("\r\n") == std::string::npos, "a header's value is one line");
        text += name + ": " + value + '\n';
    }
    static_cast<void>(macp::http::accepts_gzip(request.header("accept-encoding")));
    static_cast<void>(macp::http::choose_type(request, {"application/json", "application/x-ndjson"}));
    static_cast<void>(macp::http::media_type(request));
    return text + request.body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 8) return 0;
    std::uint64_t seed = 0;
    for (std::size_t at = 0; at < 8; ++at) seed = seed << 8U | data[at];
    auto const input = macp::fuzz::text_of(data + 8, size - 8);

    Outcome whole;
    RequestParser at_once;
    at_once.header_limit(1U << 14U);
    std::string buffer{input};
    feed(at_once, buffer, whole);
    if (whole.done) whole.text = describe(at_once);

    Outcome pieces;
    RequestParser in_pieces;
    in_pieces.header_limit(1U << 14U);
    std::string pending;
    macp::fuzz::Cuts cuts{seed};
    for (auto rest = input; !rest.empty();) {
        auto const piece = rest.substr(0, cuts.next(rest.size()));
        rest.remove_prefix(piece.size());
        pending += piece;
        if (!feed(in_pieces, pending, pieces)) break;
    }
    if (pieces.done) pieces.text = describe(in_pieces);
    macp::fuzz::require(whole.done == pieces.done, "pieces make a request exactly when the whole does");
    macp::fuzz::require(whole.text == pieces.text, "pieces make the same request as the whole");
    return 0;
}
