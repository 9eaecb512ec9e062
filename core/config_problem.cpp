#include "core/config_problem.hpp"

#include "core/json.hpp"

#include <nlohmann/json.hpp>

namespace macp::core {
namespace {

nlohmann::json text_or_null(std::string const& text) {
    return text.empty() ? nlohmann::json{} : nlohmann::json(text);
}

}  // namespace

std::string ConfigProblem::text() const {
    if (!file.empty()) return file + (line == 0 ? "" : ':' + std::to_string(line)) + ": " + message;
    return (key.starts_with("MACP_") ? "environment: " : "") + message;
}

Error to_error(std::vector<ConfigProblem> const& problems) {
    Error error{.code = ErrorCode::InvalidField, .message = {}};
    auto list = nlohmann::json::array();
    for (auto const& problem : problems) {
        error.message += (error.message.empty() ? "" : "\n") + problem.text();
        list.push_back({
            {"file", text_or_null(problem.file)},
            {"line", problem.line == 0 ? nlohmann::json{} : nlohmann::json(problem.line)},
            {"key", text_or_null(problem.key)},
            {"message", problem.message},
        });
    }
    error.members.emplace_back("errors", dump_json(list));
    return error;
}

}  // namespace macp::core
