#include "core/filter.hpp"

#include "core/event_query.hpp"

#include <doctest/doctest.h>

using namespace macp::core;

namespace {

constexpr std::string_view sample =
    R"({"tool":"omx","repo_name":"clawhip","attempt":2,"final":false,"nothing":null,"list":[1],"blank":"",)"
    R"("context":{"branch":"feat/x","deep":{"n":1.5}},"a.b":"whole","a":{"b":"inside"},)"
    R"("metadata":{"task_id":"T-9","tool":"hidden","session":"s1"}})";

EventView view(std::string_view type, std::string_view data = sample) {
    return {.seq = 1, .source = "/hooks/omx", .type = type, .subject = "T-9", .data = data, .text = {}};
}

std::string field(std::string_view name, std::string_view data = sample) {
    std::string value;
    return read_field(data, name, value) ? value : "(missing)";
}

bool by_definition(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern[0] == '*' && by_definition(pattern.substr(1), text)) return true;
    if (text.empty() || (pattern[0] != '*' && pattern[0] != text[0])) return false;
    return by_definition(pattern[0] == '*' ? pattern : pattern.substr(1), text.substr(1));
}

Result<EventQuery> query(std::string const& name, std::string const& value, std::size_t times = 1) {
    std::vector<std::pair<std::string, std::string>> const parameters(times, {name, value});
    return parse_event_query(parameters, {});
}

bool where(std::string name, std::string glob) {
    return Filter{
        .types = {}, .sources = {}, .subjects = {}, .where = {{std::move(name), std::move(glob)}}
    }.matches(view("t"));
}

}  // namespace

TEST_SUITE("glob") {
    TEST_CASE("takes a star for any run, dots and nothing included") {
        for (auto const& [pattern, text] :
             {std::pair{"task.*", "task.a.b"},
              {"task.*", "task."},
              {"*", ""},
              {"*.failed", "x.failed"},
              {"a*b*c", "a-b-b-c"},
              {"**", "x"},
              {"a*", "a"},
              {"*a*a*", "banana"},
              {"x", "x"}}) {
            CAPTURE(pattern);
            CHECK(glob_match(pattern, text));
        }
    }
    TEST_CASE("takes everything else for itself") {
        for (auto const& [pattern, text] :
             {std::pair{"task.*", "task"},
              {"Task.*", "task.x"},
              {"a?c", "abc"},
              {"[ab]", "a"},
              {"", "x"},
              {"x", ""},
              {"a*b", "a-b-c"},
              {".*", "task"}}) {
            CAPTURE(pattern);
            CHECK_FALSE(glob_match(pattern, text));
        }
    }
    TEST_CASE("does not explode over many stars") {
        std::string stars;
        for (int i = 0; i < 200; ++i) stars += "*a";
        CHECK_FALSE(glob_match(stars + "b", std::string(5000, 'a')));
    }
    TEST_CASE("agrees with its definition on every short pattern and text") {
        auto const shorts = [](std::string_view letters) {
            std::vector<std::string> all{""};
            for (std::size_t at = 0; at < all.size() && all[at].size() < 5; ++at) {
                for (char const letter : letters) all.push_back(all[at] + letter);
            }
            return all;
        };
        auto const texts = shorts("ab");
        for (auto const& pattern : shorts("ab*")) {
            for (auto const& text : texts) {
                CAPTURE(pattern);
                CAPTURE(text);
                REQUIRE(glob_match(pattern, text) == by_definition(pattern, text));
            }
        }
    }
}

TEST_SUITE("event query") {
    TEST_CASE("takes patterns up to a length and a number of them, and names the parameter that goes beyond") {
        for (std::string const name : {"type", "source", "subject", "data.a", "a"}) {
            CAPTURE(name);
            CHECK(query(name, std::string(max_pattern_bytes, '*'), max_patterns));
            auto const too_long = query(name, std::string(max_pattern_bytes + 1, '*'));
            REQUIRE_FALSE(too_long);
            CHECK(too_long.error().code == ErrorCode::InvalidField);
            CHECK(too_long.error().field == name);
            auto const too_many = query(name, "x", max_patterns + 1);
            REQUIRE_FALSE(too_many);
            CHECK(too_many.error().field == name);
        }
        CHECK(query("data." + std::string(max_pattern_bytes, 'f'), "x"));
        CHECK_FALSE(query(std::string(max_pattern_bytes + 1, 'f'), "x"));
    }
}

TEST_SUITE("filter") {
    TEST_CASE("passes everything when it asks nothing") {
        CHECK(Filter{}.passes_all());
        CHECK(Filter{}.matches(view("anything", "")));
    }
    TEST_CASE("wants one hit within a list and every part to hold") {
        Filter filter{
            .types = {"task.*", "session.started"}, .sources = {"/hooks/*"}, .subjects = {"T-9"}, .where = {}
        };
        CHECK(filter.matches(view("task.failed")));
        CHECK(filter.matches(view("session.started")));
        CHECK_FALSE(filter.matches(view("session.failed")));
        filter.sources = {"/api/*"};
        CHECK_FALSE(filter.matches(view("task.failed")));
        filter.sources.clear();
        filter.subjects = {"T-8"};
        CHECK_FALSE(filter.matches(view("task.failed")));
    }
    TEST_CASE("matches fields of data as text") {
        CHECK(where("tool", "o*"));
        CHECK(where("attempt", "2"));
        CHECK(where("final", "false"));
        CHECK(where("blank", ""));
        CHECK(where("repo", "clawhip"));
        CHECK(where("session_name", "s1"));
        CHECK_FALSE(where("tool", "omc"));
        CHECK_FALSE(where("absent", "*"));
        CHECK_FALSE(where("nothing", "*"));
        CHECK_FALSE(where("list", "*"));
        CHECK_FALSE(where("context", "*"));
    }
    TEST_CASE("wants every clause") {
        Filter const filter{.types = {}, .sources = {}, .subjects = {}, .where = {{"tool", "omx"}, {"attempt", "3"}}};
        CHECK_FALSE(filter.matches(view("t")));
    }
    TEST_CASE("takes no data, or data that is no object, for having no fields") {
        Filter const filter{.types = {}, .sources = {}, .subjects = {}, .where = {{"tool", "*"}}};
        for (auto const* const data : {"", "null", "[1]", "\"text\"", "{broken"})
            CHECK_FALSE(filter.matches(view("t", data)));
    }
    TEST_CASE("has the same key when it means the same") {
        Filter const one{.types = {"a", "b", "a"}, .sources = {}, .subjects = {}, .where = {{"x", "1"}, {"y", "2"}}};
        Filter const two{.types = {"b", "a"}, .sources = {}, .subjects = {}, .where = {{"y", "2"}, {"x", "1"}}};
        CHECK(one.key() == two.key());
        CHECK(one.key() != Filter{.types = {"a"}}.key());
        CHECK(Filter{.types = {"a"}}.key() != Filter{.types = {}, .sources = {"a"}}.key());
        CHECK(Filter{.types = {"a", "b"}}.key() != Filter{.types = {"a\"t\"b"}}.key());
        CHECK(
            Filter{.types = {}, .sources = {}, .subjects = {}, .where = {{"x", "1"}, {"y", "2"}}}.key() !=
            Filter{.types = {}, .sources = {}, .subjects = {}, .where = {{"x", "2"}, {"y", "1"}}}.key()
        );
    }
}

TEST_SUITE("field") {
    TEST_CASE("is read at the top, then under metadata") {
        CHECK(field("tool") == "omx");
        CHECK(field("task_id") == "T-9");
        CHECK(field("metadata.tool") == "hidden");
        CHECK(field("absent") == "(missing)");
    }
    TEST_CASE("reaches inside by dots, and takes a whole name first") {
        CHECK(field("context.branch") == "feat/x");
        CHECK(field("context.deep.n") == "1.5");
        CHECK(field("a.b") == "whole");
        CHECK(field("context.deep") == "(missing)");
        CHECK(field("context.branch.more") == "(missing)");
        CHECK(field("a.b", R"({"metadata":{"a":{"b":"c"}}})") == "c");
    }
    TEST_CASE("stands in for its other name only when that is missing") {
        CHECK(field("repo") == "clawhip");
        CHECK(field("repo", R"({"repo":"a","repo_name":"b"})") == "a");
        CHECK(field("repo_name", R"({"repo":"a"})") == "a");
        CHECK(field("session_name") == "s1");
        CHECK(field("session", R"({"session":null,"session_name":"n"})") == "n");
    }
    TEST_CASE("takes metadata that is no object for none") {
        CHECK(field("x", R"({"metadata":"x"})") == "(missing)");
    }
}
