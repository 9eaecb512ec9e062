// Targets, queries and Accept headers.
#include "fuzz/fuzz.hpp"
#include "http/negotiate.hpp"
#include "http/uri.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const text = macp::fuzz::text_of(data, size);
    auto const decoded = macp::http::percent_decode(text);
    if (decoded) macp::fuzz::require(decoded->size() <= text.size(), "decoding never grows");
    auto const query = macp::http::parse_query(text);
    if (query) {
        for (auto const& [name, value] : *query) {
            macp::fuzz::require(name.size() + value.size() <= text.size(), "a parameter is no longer than the query");
        }
    }
    auto const quality = macp::http::quality(text, "application/json");
    macp::fuzz::require(quality >= 0 && quality <= 1000, "a quality is from 0 to 1000");

    // Whatever stands around it, the secret does not reach the log.
    if (text.find("hunter2") == std::string_view::npos) {
        auto const target = "/ws?" + std::string{text} + "&access_token=hunter2-secret";
        auto const shown = macp::http::without_secrets(target);
        macp::fuzz::require(shown.find("hunter2-secret") == std::string::npos, "a token is never shown");
    }
    return 0;
}
