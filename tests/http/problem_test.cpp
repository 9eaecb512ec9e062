#include "http/problem.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

TEST_SUITE_BEGIN("problems");

using namespace macp;

TEST_CASE("has the body of the contract") {
    core::Error const error{
        .code = core::ErrorCode::InvalidField,
        .message = "max_attempts must be between 1 and 20, got \"0\"",
        .field = "/max_attempts",
        .members = {{"allowed", "[1,20]"}},
    };
    auto const response = http::to_response(error, "r-1");
    CHECK(response.status == 422);
    CHECK(response.content_type == "application/problem+json");
    CHECK(
        response.body == R"({"type":"/problems/invalid-field","title":"Invalid field","status":422,)"
                         R"("detail":"max_attempts must be between 1 and 20, got \"0\"",)"
                         R"("error":"max_attempts must be between 1 and 20, got \"0\"",)"
                         R"("field":"/max_attempts","request_id":"r-1","allowed":[1,20]})"
    );
}

TEST_CASE("leaves the field out when none is at fault") {
    auto const response = http::to_response({.code = core::ErrorCode::NotFound, .message = "no"}, "r");
    auto const body = nlohmann::json::parse(response.body);
    CHECK(body["status"] == 404);
    CHECK_FALSE(body.contains("field"));
}

TEST_CASE("says when to come back, and how to sign in") {
    core::Error const busy{
        .code = core::ErrorCode::Overloaded, .message = "full", .retry_after = std::chrono::seconds{7}
    };
    CHECK(http::to_response(busy, "r").headers == http::Pairs{{"Retry-After", "7"}});
    core::Error const stranger{.code = core::ErrorCode::Unauthorized, .message = "who"};
    CHECK(http::to_response(stranger, "r").headers == http::Pairs{{"WWW-Authenticate", "Bearer"}});
}

TEST_CASE("gives every code its status") {
    using core::ErrorCode;
    std::vector<std::pair<ErrorCode, unsigned>> const table{
        {ErrorCode::BadJson, 400},       {ErrorCode::InvalidField, 422},    {ErrorCode::Unauthorized, 401},
        {ErrorCode::Forbidden, 403},     {ErrorCode::NotFound, 404},        {ErrorCode::MethodNotAllowed, 405},
        {ErrorCode::NotAcceptable, 406}, {ErrorCode::RequestTimeout, 408},  {ErrorCode::Conflict, 409},
        {ErrorCode::TooLarge, 413},      {ErrorCode::UnsupportedType, 415}, {ErrorCode::RateLimited, 429},
        {ErrorCode::Overloaded, 503},    {ErrorCode::Unavailable, 503},     {ErrorCode::StorageFull, 507},
        {ErrorCode::Timeout, 504},       {ErrorCode::Corrupt, 500},         {ErrorCode::Internal, 500},
    };
    for (auto const& [code, status] : table) CHECK(http::problem_of(code).status == status);
}

TEST_SUITE_END();
