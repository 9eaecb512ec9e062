#include "client/problem.hpp"

#include "client/errors.hpp"
#include "core/json.hpp"
#include "core/number.hpp"
#include "io/url.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace macp::client {
namespace {

using core::ErrorCode;
using nlohmann::json;

ErrorCode code_of(unsigned status, std::string_view problem_type) {
    // Two problems share a status; their types tell them apart.
    if (problem_type.ends_with("/overloaded")) return ErrorCode::Overloaded;
    if (problem_type.ends_with("/corrupt")) return ErrorCode::Corrupt;
    constexpr std::array<std::pair<unsigned, ErrorCode>, 14> table{{
        {400, ErrorCode::BadJson},
        {401, ErrorCode::Unauthorized},
        {403, ErrorCode::Forbidden},
        {404, ErrorCode::NotFound},
        {405, ErrorCode::MethodNotAllowed},
        {406, ErrorCode::NotAcceptable},
        {408, ErrorCode::RequestTimeout},
        {409, ErrorCode::Conflict},
        {413, ErrorCode::TooLarge},
        {415, ErrorCode::UnsupportedType},
        {422, ErrorCode::InvalidField},
        {429, ErrorCode::RateLimited},
        {503, ErrorCode::Unavailable},
        {507, ErrorCode::StorageFull},
    }};
    auto const* const found = std::ranges::find(table, status, &std::pair<unsigned, ErrorCode>::first);
    if (found != table.end()) return found->second;
    return status == 504 ? ErrorCode::Timeout : ErrorCode::Internal;
}

std::string take_text(json& problem, char const* name) {
    auto const found = problem.find(name);
    if (found == problem.end() || !found->is_string()) return {};
    auto text = found->get<std::string>();
    problem.erase(found);
    return text;
}

std::chrono::seconds retry_after(io::HttpResponse const& answer) {
    auto const header = answer.header("retry-after").value_or("");
    return std::chrono::seconds{core::parse_number<unsigned>(header).value_or(0)};  // a date counts as not stated
}

std::string_view member(core::Error const& error, std::string_view name) {
    auto const found = std::ranges::find(error.members, name, &std::pair<std::string, std::string>::first);
    return found == error.members.end() ? std::string_view{} : std::string_view{found->second};
}

}  // namespace

core::Error to_error(io::HttpResponse const& answer) {
    auto parsed = core::parse_json(answer.body);
    auto problem = parsed && parsed->is_object() ? *std::move(parsed) : json::object();
    core::Error error{.message = take_text(problem, "detail"), .retry_after = retry_after(answer)};
    auto const same = take_text(problem, "error");
    if (error.message.empty()) error.message = same;
    if (error.message.empty()) error.message = "the gateway answered with status " + std::to_string(answer.status);
    error.field = take_text(problem, "field");
    error.code =
        code_of(answer.status, problem.value("type", json{}).is_string() ? problem["type"].get<std::string>() : "");
    problem["status"] = answer.status;
    if (auto const id = answer.header("x-request-id"); id && !problem.contains("request_id"))
        problem["request_id"] = *id;
    for (auto const& [name, value] : problem.items()) error.members.emplace_back(name, core::dump_json(value));
    return error;
}

core::Error with_advice(core::Error error) {
    if (is_unreachable(error)) {
        error.message += ". Is the gateway running there? Start it with `macp serve`, or name another address.";
    }
    return error;
}

core::Result<std::string> base_url(std::string const& url) {
    auto const parsed = io::parse_url(url);
    if (!parsed) return core::pass_on(parsed);
    auto base = parsed->origin() + parsed->target.substr(0, parsed->target.find('?'));
    while (base.ends_with('/')) base.pop_back();
    return base;
}

unsigned http_status(core::Error const& error) {
    return core::parse_number<unsigned>(member(error, "status")).value_or(0);
}

std::string request_id(core::Error const& error) {
    auto const parsed = core::parse_json(member(error, "request_id"));
    return parsed && parsed->is_string() ? parsed->get<std::string>() : std::string{};
}

bool is_unreachable(core::Error const& error) {
    return error.code == ErrorCode::Unavailable && member(error, "status").empty();
}

}  // namespace macp::client
