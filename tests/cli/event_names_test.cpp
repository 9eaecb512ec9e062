#include "cli/event_names.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using macp::cli::named;
using macp::cli::named_lines;
using macp::cli::NamedAt;
using macp::cli::with_text;
using Json = nlohmann::json;

TEST_SUITE("names of events") {
    TEST_CASE("are put in front, and leave every other byte as it is") {
        std::string const body = R"( {"event": "stop", "big": 123456789012345678901234567890, "a":[1, 2]})";
        auto const with_id = named(body, NamedAt::Top);
        auto const id = Json::parse(with_id)["event_id"].get<std::string>();
        CHECK(id.size() == 36);
        CHECK(with_id == R"( {"event_id":")" + id + R"(",)" + body.substr(2));
        CHECK(named(body, NamedAt::Top) != with_id);
        CHECK(Json::parse(named("{}", NamedAt::Top)).size() == 1);
    }

    TEST_CASE("are kept where the door finds them") {
        for (std::string const body :
             {R"({"event_id":"x"})", R"({"id":7,"event":"stop"})", R"({"metadata":{"event_id":"x"}})",
              R"({"specversion":"1.0","type":"t"})", "[1]", "7", "no JSON", ""}) {
            CAPTURE(body);
            CHECK(named(body, NamedAt::Top) == body);
        }
        std::string const inside = R"({"type":"t","payload":{"event_id":"x"}})";
        CHECK(named(inside, NamedAt::Payload) == inside);
        CHECK(named(inside, NamedAt::Top) != inside);
        std::string const other = R"({"type":"t","payload":{"id":"of something else"}})";
        CHECK(named(other, NamedAt::Payload) != other);
    }

    TEST_CASE("replace one that is of no use") {
        for (std::string const body : {R"({"event_id":null,"a":1})", R"({"event_id":" ","a":1})"}) {
            auto const with_id = Json::parse(named(body, NamedAt::Top));
            CHECK(with_id["event_id"].get<std::string>().size() == 36);
            CHECK(with_id["a"] == 1);
        }
    }

    TEST_CASE("are given to each line") {
        auto const lines =
            named_lines("{\"type\":\"a\"}\n\n{\"type\":\"b\",\"id\":\"mine\"}\nbroken\n{\"type\":\"c\"}");
        CHECK(lines.find("\n\n{\"type\":\"b\",\"id\":\"mine\"}\nbroken\n{\"event_id\":\"") != std::string::npos);
        CHECK(lines.starts_with(R"({"event_id":")"));
        CHECK(lines.ends_with(R"(,"type":"c"})"));
        CHECK(named_lines("").empty());
    }

    TEST_CASE("come with a text that the command line says, unless the body says it") {
        CHECK(with_text(R"({"a":1})", "provider", "codex") == R"({"provider":"codex","a":1})");
        CHECK(with_text(R"({"provider":"claude"})", "provider", "codex") == R"({"provider":"claude"})");
        CHECK(with_text("no JSON", "provider", "codex") == "no JSON");
    }
}
