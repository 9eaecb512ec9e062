#include "openapi/operations.hpp"

#include "openapi/embedded.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

namespace macp::openapi {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 8> methods{"delete", "get", "head", "options", "patch", "post", "put", "trace"};

/// The first scope of the first way to be let in; the others ask for the same.
std::string scope_of(Json const& requirements) {
    for (auto const& requirement : requirements) {
        for (auto const& [scheme, scopes] : requirement.items()) {
            if (!scopes.empty()) return scopes.front();
        }
    }
    return {};
}

std::string upper_case(std::string_view text) {
    std::string upper{text};
    std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return upper;
}

}  // namespace

std::vector<Operation> operations() {
    auto const spec = Json::parse(openapi_json());
    auto const everywhere = spec.value("security", Json::array());
    std::vector<Operation> found;
    for (auto const& [path, item] : spec.at("paths").items()) {
        for (auto const method : methods) {
            auto const entry = item.find(method);
            if (entry == item.end()) continue;
            found.push_back({
                .method = upper_case(method),
                .path = path,
                .operation_id = entry->at("operationId"),
                .scope = scope_of(entry->value("security", everywhere)),
                .has_body = entry->contains("requestBody"),
            });
        }
    }
    return found;
}

}  // namespace macp::openapi
