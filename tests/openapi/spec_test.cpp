#include "core/version.hpp"
#include "openapi/embedded.hpp"
#include "openapi/operations.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Json = nlohmann::json;
using macp::openapi::Operation;

Json rest() {
    return Json::parse(macp::openapi::openapi_json());
}
Json streams() {
    return Json::parse(macp::openapi::asyncapi_json());
}

/// Calls `visit` for every value of the document, with its JSON pointer.
void walk(Json const& value, std::string const& at, std::function<void(std::string const&, Json const&)> const& visit) {
    visit(at, value);
    if (!value.is_structured()) return;
    for (auto const& [key, member] : value.items()) walk(member, at + '/' + key, visit);
}

std::vector<std::string> broken_references(Json const& document) {
    std::vector<std::string> broken;
    walk(document, "", [&](std::string const& at, Json const& value) {
        if (!value.is_object() || !value.contains("$ref")) return;
        auto const reference = value["$ref"].get<std::string>();
        auto const found = reference.starts_with("#/") && document.contains(Json::json_pointer{reference.substr(1)});
        if (!found) broken.push_back(at + " -> " + reference);
    });
    return broken;
}

/// Components of `kind` that nothing refers to.
std::vector<std::string> unused(Json const& document, std::string const& kind) {
    std::set<std::string> used;
    walk(document, "", [&](std::string const&, Json const& value) {
        if (value.is_object() && value.contains("$ref")) used.insert(value["$ref"].get<std::string>());
    });
    std::vector<std::string> names;
    for (auto const& [name, ignored] : document["components"][kind].items()) {
        if (!used.contains("#/components/" + kind + '/' + name)) names.push_back(name);
    }
    return names;
}

Json const& follow(Json const& document, Json const& value) {
    auto const* at = &value;
    while (at->contains("$ref")) at = &document.at(Json::json_pointer{(*at)["$ref"].get<std::string>().substr(1)});
    return *at;
}

std::set<std::string> placeholders(std::string_view path) {
    std::set<std::string> names;
    for (auto open = path.find('{'); open != std::string_view::npos; open = path.find('{', open + 1)) {
        names.emplace(path.substr(open + 1, path.find('}', open) - open - 1));
    }
    return names;
}

}  // namespace

TEST_SUITE("the embedded specs") {
    TEST_CASE("are OpenAPI 3.1 and AsyncAPI 3.0 of this version, without what only the sources need") {
        CHECK(rest()["openapi"].get<std::string>().starts_with("3.1."));
        CHECK(streams()["asyncapi"].get<std::string>().starts_with("3.0."));
        for (auto const& document : {rest(), streams()}) {
            CHECK(document["info"]["version"] == macp::core::version);
            for (auto const& [key, ignored] : document.items()) CHECK_FALSE(key.starts_with("x-yaml-"));
        }
    }

    TEST_CASE("have no reference that leads nowhere, and no component that nobody uses") {
        CHECK(broken_references(rest()) == std::vector<std::string>{});
        CHECK(broken_references(streams()) == std::vector<std::string>{});
        for (auto const* kind : {"schemas", "responses", "parameters", "headers"}) {
            CAPTURE(kind);
            CHECK(unused(rest(), kind) == std::vector<std::string>{});
        }
        for (auto const* kind : {"schemas", "messages"}) CHECK(unused(streams(), kind) == std::vector<std::string>{});
    }

    TEST_CASE("name each operation once") {
        std::set<std::string> names;
        for (auto const& operation : macp::openapi::operations()) {
            CAPTURE(operation.operation_id);
            CHECK(names.insert(operation.operation_id).second);
        }
        CHECK(names.size() == 40);
    }

    TEST_CASE("list operations with what a route needs") {
        auto const operations = macp::openapi::operations();
        auto const has = [&](Operation const& wanted) { return std::ranges::count(operations, wanted) == 1; };
        CHECK(has({.method = "GET", .path = "/healthz", .operation_id = "getHealthz"}));
        CHECK(has({.method = "GET", .path = "/api/events/{seq}", .operation_id = "getEvent", .scope = "read"}));
        CHECK(has(
            {.method = "POST", .path = "/api/events", .operation_id = "postEvents", .scope = "ingest", .has_body = true}
        ));
    }

    TEST_CASE("offer the token in the address for GET alone, as the gateway takes it") {
        auto const document = rest();
        for (auto const& [path, item] : document["paths"].items()) {
            for (auto const& [method, operation] : item.items()) {
                CAPTURE(path);
                auto const ways = operation.value("security", document["security"]);
                bool const open = ways.empty();
                bool const in_address =
                    std::ranges::any_of(ways, [](Json const& way) { return way.contains("accessToken"); });
                CHECK(in_address == (method == "get" && !open));
            }
        }
    }

    TEST_CASE("want a type of a plain event, under any of the names that the gateway looks at") {
        auto const plain = rest()["components"]["schemas"]["PlainEvent"];
        std::set<std::string> names;
        for (auto const& way : plain["anyOf"]) {
            auto const name = way["required"][0].get<std::string>();
            names.insert(name);
            CHECK(way["properties"][name] == Json{{"type", "string"}, {"pattern", "\\S"}});
            CHECK_FALSE(plain["properties"][name].contains("type"));  // beside another name it may be anything
        }
        CHECK(names == std::set<std::string>{"event_type", "type", "kind", "event"});
    }

    TEST_CASE("declare every parameter of a path, and no other") {
        auto const document = rest();
        for (auto const& [path, item] : document["paths"].items()) {
            for (auto const& [method, operation] : item.items()) {
                CAPTURE(path);
                std::set<std::string> declared;
                for (auto const& entry : operation.value("parameters", Json::array())) {
                    auto const& parameter = follow(document, entry);
                    if (parameter["in"] == "path") declared.insert(parameter["name"].get<std::string>());
                }
                CHECK(declared == placeholders(path));
            }
        }
    }

    TEST_CASE("give every refusal as a problem document") {
        auto const document = rest();
        for (auto const& [path, item] : document["paths"].items()) {
            for (auto const& [method, operation] : item.items()) {
                for (auto const& [status, entry] : operation["responses"].items()) {
                    CAPTURE(path);
                    CAPTURE(status);
                    auto const& response = follow(document, entry);
                    CHECK(response.contains("description"));
                    if (status < "400") continue;
                    CHECK(response["content"].contains("application/problem+json"));
                }
            }
        }
    }
}
