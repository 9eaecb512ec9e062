#include "cli/emit_body.hpp"

#include "core/id.hpp"
#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace macp::cli {
namespace {

using Json = nlohmann::json;

core::Result<Json> parse_value(std::string const& text, std::string const& what) {
    auto value = core::parse_json(text);
    if (!value) return core::fail(core::ErrorCode::BadJson, what + ": " + value.error().message);
    return value;
}

/// Puts the pairs of the command line into `data`; values are texts unless written `--key:=json`.
core::Result<void> add_members(Json& data, std::vector<std::string> const& arguments) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        auto const& argument = arguments[i];
        if (!argument.starts_with("--") || argument.size() == 2) {
            return core::fail(core::ErrorCode::InvalidField, "expected --key value, got `" + argument + '`');
        }
        auto key = argument.substr(2);
        std::optional<std::string> value;
        if (auto const equals = key.find('='); equals != std::string::npos) {
            value = key.substr(equals + 1);
            key.resize(equals);
        } else if (i + 1 < arguments.size()) {
            value = arguments[++i];
        }
        bool const json = key.ends_with(':');
        if (json) key.pop_back();
        std::ranges::replace(key, '-', '_');
        if (!value || key.empty()) return core::fail(core::ErrorCode::InvalidField, argument + " has no value");
        auto made = json ? parse_value(*value, argument) : core::Result<Json>{Json(*value)};
        if (!made) return core::pass_on(made);
        data[key] = *std::move(made);
    }
    return {};
}

}  // namespace

core::Result<Json> emit_body(EmitRequest const& request) {
    if (core::trim(request.type).empty()) return core::fail(core::ErrorCode::InvalidField, "an event needs a type");
    core::Result<Json> data = Json::object();
    if (!request.data.empty()) data = parse_value(request.data, "--data");
    if (!data) return data;
    if (!request.members.empty() && !data->is_object()) {
        return core::fail(core::ErrorCode::InvalidField, "--key value needs --data to be an object");
    }
    if (auto const added = add_members(*data, request.members); !added) return core::pass_on(added);

    Json body{{"type", request.type}};
    if (request.source.empty() && request.subject.empty()) {
        if (!request.id.empty()) body["id"] = request.id;
        body["payload"] = *std::move(data);
        return body;
    }
    body["specversion"] = "1.0";
    body["id"] = request.id.empty() ? core::make_uuid7(core::SystemClock{}.now()) : request.id;
    body["source"] = request.source.empty() ? "/api/events" : request.source;
    if (!request.subject.empty()) body["subject"] = request.subject;
    body["data"] = *std::move(data);
    return body;
}

}  // namespace macp::cli
