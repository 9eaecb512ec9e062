#include "http/negotiate.hpp"

#include "http/gzip.hpp"
#include "http/uri.hpp"

#include <doctest/doctest.h>

TEST_SUITE_BEGIN("negotiation");

using namespace macp::http;

TEST_CASE("reads escapes, and refuses broken ones") {
    CHECK(percent_decode("a%20b%2Fc+d") == "a b/c+d");
    CHECK(percent_decode("a+b", true) == "a b");
    CHECK_FALSE(percent_decode("a%2"));
    CHECK_FALSE(percent_decode("%zz"));
    CHECK(
        parse_query("a=1&b=x%20y&a=2&c&&d=%26") == Pairs{{"a", "1"}, {"b", "x y"}, {"a", "2"}, {"c", ""}, {"d", "&"}}
    );
    CHECK_FALSE(parse_query("a=%"));
}

TEST_CASE("leaves tokens out of what is logged, however they are spelled") {
    CHECK(without_secrets("/ws?a=1&access_token=hush&b=2") == "/ws?a=1&access_token=-&b=2");
    CHECK(without_secrets("/ws?access%5Ftoken=hush") == "/ws?access_token=-");
    CHECK(without_secrets("/ws") == "/ws");
}

TEST_CASE("knows when gzip is welcome") {
    CHECK(accepts_gzip("gzip"));
    CHECK(accepts_gzip("br, GZIP;q=0.1"));
    CHECK(accepts_gzip("*"));
    CHECK_FALSE(accepts_gzip(std::nullopt));
    CHECK_FALSE(accepts_gzip(""));
    CHECK_FALSE(accepts_gzip("br, deflate"));
    CHECK_FALSE(accepts_gzip("gzip;q=0"));
    CHECK_FALSE(accepts_gzip("gzip; q=0.000, *"));
    CHECK_FALSE(accepts_gzip("*;q=0"));
    CHECK(accepts_gzip("gzip;q=1, *;q=0"));
}

TEST_CASE("chooses what the peer likes best") {
    Request request;
    CHECK(*choose_type(request, {"application/json", "application/x-ndjson"}) == "application/json");
    request.headers = {{"accept", "application/x-ndjson, application/json;q=0.5"}};
    CHECK(*choose_type(request, {"application/json", "application/x-ndjson"}) == "application/x-ndjson");
    request.headers = {{"accept", "application/json;q=0, application/*"}};
    CHECK(*choose_type(request, {"application/json", "application/x-ndjson"}) == "application/x-ndjson");
    request.headers = {{"accept", "image/png"}};
    auto const none = choose_type(request, {"application/json"});
    CHECK(none.error().code == macp::core::ErrorCode::NotAcceptable);
    CHECK(none.error().field == "Accept");
}

TEST_CASE("refuses a body of a foreign type") {
    Request request;
    CHECK(*require_type(request, {"application/json"}) == "application/json");
    request.headers = {{"content-type", "Application/JSON; charset=utf-8"}};
    CHECK(*require_type(request, {"application/json"}) == "application/json");
    request.headers = {{"content-type", "text/plain"}};
    CHECK(require_type(request, {"application/json"}).error().code == macp::core::ErrorCode::UnsupportedType);
}

TEST_SUITE_END();
