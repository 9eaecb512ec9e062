#include "http/problem.hpp"

#include "core/json.hpp"

namespace macp::http {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
    out += ',';
    core::append_json_string(out, name);
    out += ':';
    core::append_json_string(out, text);
}

}  // namespace

Problem problem_of(core::ErrorCode code) {
    using core::ErrorCode;
    switch (code) {
        case ErrorCode::BadJson:
            return {400, "bad-json", "Bad JSON"};
        case ErrorCode::InvalidField:
            return {422, "invalid-field", "Invalid field"};
        case ErrorCode::Unauthorized:
            return {401, "unauthorized", "Unauthorized"};
        case ErrorCode::Forbidden:
            return {403, "forbidden", "Forbidden"};
        case ErrorCode::NotFound:
            return {404, "not-found", "Not found"};
        case ErrorCode::MethodNotAllowed:
            return {405, "method-not-allowed", "Method not allowed"};
        case ErrorCode::NotAcceptable:
            return {406, "not-acceptable", "Not acceptable"};
        case ErrorCode::RequestTimeout:
            return {408, "request-timeout", "Request timeout"};
        case ErrorCode::Conflict:
            return {409, "conflict", "Conflict"};
        case ErrorCode::TooLarge:
            return {413, "too-large", "Too large"};
        case ErrorCode::UnsupportedType:
            return {415, "unsupported-type", "Unsupported media type"};
        case ErrorCode::RateLimited:
            return {429, "rate-limited", "Rate limited"};
        case ErrorCode::Overloaded:
            return {503, "overloaded", "Overloaded"};
        case ErrorCode::Unavailable:
            return {503, "unavailable", "Unavailable"};
        case ErrorCode::StorageFull:
            return {507, "storage-full", "Storage full"};
        case ErrorCode::Timeout:
            return {504, "timeout", "Timeout"};
        case ErrorCode::Corrupt:
            return {500, "corrupt", "Corrupt data"};
        case ErrorCode::Internal:
            break;
    }
    return {500, "internal", "Internal error"};
}

Response to_response(core::Error const& error, std::string_view request_id) {
    return to_response(problem_of(error.code), error, request_id);
}

Response to_response(Problem const& problem, core::Error const& error, std::string_view request_id) {
    std::string body = R"({"type":"/problems/)";
    body += problem.slug;
    body += '"';
    append_member(body, "title", problem.title);
    body += R"(,"status":)" + std::to_string(problem.status);
    append_member(body, "detail", error.message);
    append_member(body, "error", error.message);
    if (!error.field.empty()) append_member(body, "field", error.field);
    append_member(body, "request_id", request_id);
    for (auto const& [name, json] : error.members) {
        body += ',';
        core::append_json_string(body, name);
        body += ':' + json;
    }
    body += '}';

    Response response{.status = problem.status, .content_type = "application/problem+json", .body = std::move(body)};
    if (error.retry_after.count() > 0) {
        response.headers.emplace_back("Retry-After", std::to_string(error.retry_after.count()));
    }
    if (problem.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
}

}  // namespace macp::http
