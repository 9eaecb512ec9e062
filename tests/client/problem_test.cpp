#include "client/problem.hpp"

#include "client/errors.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace macp;
using core::ErrorCode;

TEST_SUITE_BEGIN("client: problems");

TEST_CASE("reads a problem into an error") {
    auto const error = client::to_error({
        .status = 422,
        .headers = {{"content-type", "application/problem+json"}},
        .body =
            R"({"type":"/problems/invalid-field","title":"Invalid field","status":422,"detail":"limit is too large",)"
            R"("error":"limit is too large","field":"limit","request_id":"r-1","most":1000})",
    });
    CHECK(error.code == ErrorCode::InvalidField);
    CHECK(error.message == "limit is too large");
    CHECK(error.field == "limit");
    CHECK(client::http_status(error) == 422);
    CHECK(client::request_id(error) == "r-1");
    auto const most = std::pair<std::string, std::string>{"most", "1000"};
    CHECK(std::ranges::find(error.members, most) != error.members.end());
}

TEST_CASE("tells overload from unavailability, and says when to come back") {
    auto const overloaded = client::to_error(
        {.status = 503, .headers = {{"retry-after", "7"}}, .body = R"({"type":"/problems/overloaded","detail":"full"})"}
    );
    CHECK(overloaded.code == ErrorCode::Overloaded);
    CHECK(overloaded.retry_after == std::chrono::seconds{7});
    auto const unavailable = client::to_error({.status = 503, .headers = {{"retry-after", "Sat, 1 Jan"}}});
    CHECK(unavailable.code == ErrorCode::Unavailable);
    CHECK(unavailable.retry_after == std::chrono::seconds{0});
    CHECK_FALSE(client::is_unreachable(unavailable));
}

TEST_CASE("makes do with an answer that is no problem") {
    for (auto const* body : {"", "<html>", "[1]", R"({"detail":7,"type":[],"error":null})"}) {
        CAPTURE(body);
        auto const error = client::to_error({.status = 502, .headers = {{"x-request-id", "r-2"}}, .body = body});
        CHECK(error.code == ErrorCode::Internal);
        CHECK(error.message == "the gateway answered with status 502");
        CHECK(client::request_id(error) == "r-2");
    }
}

TEST_SUITE_END();
