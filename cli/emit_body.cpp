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

struct Pair {
    std::string key;
    std::optional<std::string> value;
};

/// The pair that begins at `at`, which moves to its last word: `--key value`, or `--key=value` in one.
core::Result<Pair> take_pair(std::vector<std::string> const& arguments, std::size_t& at) {
    auto const& argument = arguments[at];
    if (!argument.starts_with("--") || argument.size() == 2) {
        return core::fail(core::ErrorCode::InvalidField, "expected --key value, got `" + argument + '`');
    }
    auto const equals = argument.find('=');
    if (equals != std::string::npos) return Pair{argument.substr(2, equals - 2), argument.substr(equals + 1)};
    Pair pair{.key = argument.substr(2), .value = {}};
    if (at + 1 < arguments.size()) pair.value = arguments[++at];
    return pair;
}

/// Puts the pairs of the command line into `data`; values are texts unless written `--key:=json`.
core::Result<void> add_members(Json& data, std::vector<std::string> const& arguments) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        auto const& argument = arguments[i];
        auto pair = take_pair(arguments, i);
        if (!pair) return core::pass_on(pair);
        auto& [key, value] = *pair;
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
