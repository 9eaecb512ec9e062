#include "delivery/target_config.hpp"

#include "core/json.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace macp;
using core::ErrorCode;
using delivery::Format;
using delivery::Ordering;
using delivery::TargetConfig;
using nlohmann::json;

namespace {

std::string const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
std::string const other_secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

json body_with(std::string_view more = "{}") {
    json body{{"name", "oc"}, {"url", "http://127.0.0.1:8080/macp/events"}};
    auto const added = core::parse_json(more);
    REQUIRE_MESSAGE(added, more);
    body.update(*added);
    return body;
}

TargetConfig read(std::string_view more, delivery::Environment const& environment = {}) {
    auto const target = delivery::target_from_json(body_with(more), environment);
    REQUIRE_MESSAGE(target, target.error().message);
    return *target;
}

/// The pointer of the refusal; its message must hold `part`.
std::string refusal(std::string_view more, std::string_view part, delivery::Environment const& environment = {}) {
    auto const target = delivery::target_from_json(body_with(more), environment);
    REQUIRE_MESSAGE(!target, more);
    CHECK(target.error().code == ErrorCode::InvalidField);
    CHECK_MESSAGE(target.error().message.find(part) != std::string::npos, target.error().message);
    return target.error().field;
}

TargetConfig patched(TargetConfig target, std::string_view text, delivery::Environment const& environment = {}) {
    auto const body = core::parse_json(text);
    auto const after = delivery::patch_target(std::move(target), *body, environment);
    REQUIRE_MESSAGE(after, after.error().message);
    return *after;
}

}  // namespace

TEST_SUITE_BEGIN("delivery: targets as JSON");

TEST_CASE("reads the body of a POST, every member of it") {
    auto const target = read(R"({
        "types":["task.*","session.blocked"],"where":{"repo_name":"x","attempt":2,"final":true},"format":"batch",
        "secrets":["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],"headers":{"X-Team":"ops"},"timeout_seconds":2.5,
        "retry":{"count":3,"base_seconds":0.5,"cap_seconds":60},"ordering":"subject","rate_per_second":20,
        "since":"ab12:1042","auth_token":"t","max_age_seconds":60,"batch_events":5,"batch_bytes":4096,"concurrency":3,
        "ca_file":"ca.pem","client_certificate_file":"c.pem","client_key_file":"c.key","disable_after_seconds":3600,
        "enabled":false})");
    CHECK(target.name == "oc");
    CHECK(target.url == "http://127.0.0.1:8080/macp/events");
    CHECK(target.filter().types == std::vector<std::string>{"task.*", "session.blocked"});
    CHECK(target.filter().where.size() == 3);
    CHECK(target.filter().matches({.type = "task.x", .data = R"({"repo_name":"x","attempt":2,"final":true})"}));
    CHECK_FALSE(target.filter().matches({.type = "task.x", .data = R"({"repo_name":"x","attempt":3,"final":true})"}));
    CHECK(target.format == Format::Batch);
    CHECK(target.secrets == std::vector{secret});
    CHECK(target.headers == io::Headers{{"X-Team", "ops"}});
    CHECK(target.timeout_seconds == 2.5);
    CHECK(target.retry == delivery::RetryPolicy{.count = 3, .base_seconds = 0.5, .cap_seconds = 60});
    CHECK(target.ordering == Ordering::Subject);
    CHECK(target.rate_per_second == 20);
    CHECK(target.since == core::Position{.kind = core::Position::Kind::At, .epoch = "ab12", .seq = 1042});
    CHECK(target.auth_token == "t");
    CHECK(target.max_age_seconds == 60);
    CHECK(target.batch_events == 5);
    CHECK(target.batch_bytes == 4096);
    CHECK(target.concurrency == 3);
    CHECK(target.ca_file == "ca.pem");
    CHECK(target.client_certificate_file == "c.pem");
    CHECK(target.client_key_file == "c.key");
    CHECK(target.disable_after_seconds == 3600);
    CHECK_FALSE(target.enabled);
}

TEST_CASE("has a default for all but name and url, and takes null for one") {
    auto const target = read(R"({"retry":null,"types":null,"since":null,"secrets":null,"secret_env":null})");
    CHECK(target.types.empty());
    CHECK(target.format == Format::CloudEvents);
    CHECK(target.ordering == Ordering::Target);
    CHECK(target.timeout_seconds == 10);
    CHECK(target.retry == delivery::RetryPolicy{.count = 8, .base_seconds = 1, .cap_seconds = 300});
    CHECK(target.disable_after_seconds == 5 * 86'400);
    CHECK(target.since.kind == core::Position::Kind::Now);
    CHECK(target.enabled);
    CHECK(read(R"({"since":7})").since.seq == 7);
    CHECK(read(R"({"since":"start"})").since.kind == core::Position::Kind::Start);
}

TEST_CASE("names the member at fault, and what it should be") {
    struct Case {
        char const* more;
        char const* field;
        char const* part;
    };
    for (auto const& [more, field, part] : {
             Case{R"({"name":null})", "/name", "name is missing"},
             {R"({"name":"a b"})", "/name", "1 to 64"},
             {R"({"name":".a"})", "/name", "begin with a dot"},
             {R"({"url":null})", "/url", "url is missing"},
             {R"({"url":7})", "/url", "url must be a text"},
             {R"({"url":"ftp://h"})", "/url", "http:// or https://"},
             {R"({"url":"ws://h"})", "/url", "http:// or https://"},
             {R"({"url":"http://u:p@h"})", "/url", "credentials"},
             {R"({"types":"task.*"})", "/types", "list of texts"},
             {R"({"types":["task.*",3]})", "/types/1", "must be a text"},
             {R"({"types":[""]})", "/types/0", "glob"},
             {R"({"types":["a b"]})", "/types/0", "glob"},
             {R"({"where":["x"]})", "/where", "object"},
             {R"({"where":{"a":{"b":"c"}}})", "/where/a", "a text, a number or a boolean"},
             {R"({"where":{"a/b~c":null}})", "/where/a~1b~0c", "a text"},
             {R"({"where":{"":"x"}})", "/where/", "name of a field"},
             {R"({"format":"xml"})", "/format", "`cloudevents`, `binary`, `raw`, `batch`"},
             {R"({"format":1})", "/format", "one of"},
             {R"({"ordering":"any"})", "/ordering", "`target`, `subject`, `none`"},
             {R"({"timeout_seconds":"10"})", "/timeout_seconds", "must be a number"},
             {R"({"timeout_seconds":0})", "/timeout_seconds", "between 0.05 and 600, got 0"},
             {R"({"timeout_seconds":601})", "/timeout_seconds", "between 0.05 and 600, got 601"},
             {R"({"retry":3})", "/retry", "retry must be a JSON object"},
             {R"({"retry":{"count":-1}})", "/retry/count", "whole number"},
             {R"({"retry":{"count":1.5}})", "/retry/count", "whole number"},
             {R"({"retry":{"count":101}})", "/retry/count", "retry/count must be between 0 and 100, got 101"},
             {R"({"retry":{"base_seconds":0}})", "/retry/base_seconds", "between 0.01 and 3600"},
             {R"({"retry":{"base_seconds":5,"cap_seconds":4}})", "/retry/cap_seconds", "between 5 and 86400, got 4"},
             {R"({"retry":{"cont":4}})", "/retry/cont", "retry/cont is unknown; the nearest known name is `count`"},
             {R"({"rate_per_second":-1})", "/rate_per_second", "0 for no limit"},
             {R"({"max_age_seconds":0.5})", "/max_age_seconds", "or 0 for no limit"},
             {R"({"batch_events":0})", "/batch_events", "between 1 and 1000"},
             {R"({"batch_bytes":10})", "/batch_bytes", "between 1024 and 16777216"},
             {R"({"concurrency":257})", "/concurrency", "between 1 and 256"},
             {R"({"disable_after_seconds":-5})", "/disable_after_seconds", "got -5"},
             {R"({"enabled":"yes"})", "/enabled", "true or false"},
             {R"({"since":"yesterday"})", "/since", "a position is"},
             {R"({"since":-1})", "/since", "position"},
             {R"({"headers":{"Host":"x"}})", "/headers/Host", "set by the gateway itself"},
             {R"({"headers":{"content-LENGTH":"5"}})", "/headers/content-LENGTH", "set by the gateway itself"},
             {R"({"headers":{"Transfer-Encoding":"chunked"}})", "/headers/Transfer-Encoding", "set by the gateway"},
             {R"({"headers":{"Webhook-Id":"x"}})", "/headers/Webhook-Id", "set by the gateway"},
             {R"({"headers":{"ce-id":"x"}})", "/headers/ce-id", "set by the gateway"},
             {R"({"headers":{"Macp-Seq":"1"}})", "/headers/Macp-Seq", "set by the gateway"},
             {R"({"headers":{"Expect":"100-continue"}})", "/headers/Expect", "set by the gateway"},
             {R"({"headers":{"A B":"x"}})", "/headers/A B", "cannot be sent"},
             {R"({"headers":{"A":"x\r\nB: y"}})", "/headers/A", "cannot be sent"},
             {R"({"headers":{"A":"x\u0001"}})", "/headers/A", "control characters"},
             {R"({"headers":{"A":"***"}})", "/headers/A", "masked"},
             {R"({"headers":{"A":"1","a":"2"}})", "/headers/a", "there twice"},
             {R"({"auth_token":"a b"})", "/auth_token", "visible ASCII"},
             {R"({"auth_token":"a","headers":{"authorization":"b"}})", "/auth_token", "exclude"},
             {R"({"secrets":"whsec_x"})", "/secrets", "list of texts"},
             {R"({"secrets":["abc"]})", "/secrets/0", "begins with `whsec_`"},
             {R"({"secrets":["whsec_AAAA"]})", "/secrets/0", "24 to 64 bytes, got 3"},
             {R"({"client_key_file":"a"})", "/client_certificate_file", "go together"},
             {R"({"client_certificate_file":"a"})", "/client_key_file", "go together"},
             {R"({"secret":["x"]})", "/secret", "the nearest known name is `secrets`"},
             {R"({"timeout":3})", "/timeout", "is unknown; the nearest known name is `timeout_seconds`"},
             {R"({"a/b":3})", "/a~1b", "is unknown"},
         }) {
        CAPTURE(more);
        CHECK(refusal(more, part) == field);
    }
    auto const list = delivery::target_from_json(json::array(), {});
    REQUIRE_FALSE(list);
    CHECK(list.error().message == "the body must be a JSON object");
}

TEST_CASE("reads secrets from the environment variable that is named") {
    delivery::Environment const environment{{"OC_SECRET", secret + " " + other_secret + "\n"}, {"PASS", "hunter2"}};
    auto const target = read(R"({"secret_env":"OC_SECRET"})", environment);
    CHECK(target.secrets == std::vector{secret, other_secret});
    CHECK(refusal(R"({"secret_env":"NONE"})", "`NONE` is not set", environment) == "/secret_env");
    CHECK(refusal(R"({"secret_env":"PASS"})", "`PASS`: a webhook secret begins with", environment) == "/secret_env");
    CHECK(refusal(R"({"secret_env":"OC_SECRET","secrets":[]})", "exclude each other", environment) == "/secret_env");
    auto const told = delivery::target_from_json(body_with(R"({"secret_env":"PASS"})"), environment);
    CHECK(told.error().message.find("hunter2") == std::string::npos);
}

TEST_CASE("changes only what a PATCH names, and sets back what is null") {
    auto const before = read(R"({"types":["a"],"retry":{"count":3,"cap_seconds":60},"since":"start"})");
    auto const after = patched(before, R"({"timeout_seconds":3,"retry":{"count":4},"types":null})");
    CHECK(after.timeout_seconds == 3);
    CHECK(after.retry == delivery::RetryPolicy{.count = 4, .base_seconds = 1, .cap_seconds = 60});
    CHECK(after.types.empty());
    CHECK(after.url == before.url);
    CHECK(after.since.kind == core::Position::Kind::Start);
    auto const moved = delivery::patch_target(before, json{{"since", "now"}}, {});
    REQUIRE_FALSE(moved);
    CHECK(moved.error().field == "/since");
    CHECK(delivery::patch_target(before, json{{"url", nullptr}}, {}).error().field == "/url");
}

TEST_CASE("keeps, changes and drops secrets as a PATCH says") {
    delivery::Environment const environment{{"OC_SECRET", secret}};
    auto const given = read(R"({"secrets":["whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"]})");
    CHECK(patched(given, R"({"enabled":false})").secrets == std::vector{other_secret});
    CHECK(patched(given, R"({"secrets":[]})").secrets.empty());
    CHECK(patched(given, R"({"secrets":null})").secrets.empty());
    auto const named = patched(given, R"({"secret_env":"OC_SECRET"})", environment);
    CHECK(named.secrets == std::vector{secret});
    CHECK(patched(named, R"({"enabled":false})").secrets == std::vector{secret});
    auto const again = patched(named, R"({"secrets":["whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"]})");
    CHECK(again.secrets == std::vector{other_secret});
    CHECK(again.secret_env.empty());
    CHECK(patched(named, R"({"secret_env":null})").secrets.empty());
}

TEST_CASE("shows a target without its secrets, and takes the shown headers back") {
    auto const target =
        read(R"({"secrets":["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],"auth_token":"tok-1","where":{"a":"b"},
        "headers":{"X-Api-Key":"k-1","X-Auth":"a-1","Cookie":"c-1","X-Team":"ops"},"since":"7"})");
    auto const shown = delivery::target_to_json(target);
    CHECK(shown["secrets"] == 1);
    CHECK(shown["has_auth_token"] == true);
    CHECK(shown["headers"] == json{{"X-Api-Key", "***"}, {"X-Auth", "***"}, {"Cookie", "***"}, {"X-Team", "ops"}});
    CHECK(shown["where"] == json{{"a", "b"}});
    CHECK(shown["since"] == "7");
    CHECK(shown["format"] == "cloudevents");
    CHECK(shown["retry"] == json{{"count", 8}, {"base_seconds", 1}, {"cap_seconds", 300}});
    for (auto const* hidden : {"MfKQ", "tok-1", "k-1", "a-1", "c-1"}) {
        CHECK(shown.dump().find(hidden) == std::string::npos);
    }
    json changed = shown["headers"];
    changed["X-Team"] = "dev";
    auto const after = delivery::patch_target(target, json{{"headers", changed}}, {});
    REQUIRE_MESSAGE(after, after.error().message);
    CHECK(after->headers == io::Headers{{"Cookie", "c-1"}, {"X-Api-Key", "k-1"}, {"X-Auth", "a-1"}, {"X-Team", "dev"}});
}

TEST_CASE("keeps all of a target in storage") {
    delivery::Environment const environment{{"OC_SECRET", secret}};
    std::string more;
    SUBCASE("as it is by default") {
        more = "{}";
    }
    SUBCASE("with everything set") {
        more = R"({"types":["a"],"where":{"b":"c"},"format":"raw","secrets":["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
            "headers":{"X-Key":"k"},"timeout_seconds":0.07,"retry":{"count":0,"base_seconds":0.3,"cap_seconds":0.3},
            "ordering":"none","rate_per_second":0.1,"since":"ab:5","auth_token":"t","max_age_seconds":61,
            "batch_events":1,"batch_bytes":1025,"concurrency":2,"ca_file":"a","client_certificate_file":"b",
            "client_key_file":"c","disable_after_seconds":0,"enabled":false})";
    }
    SUBCASE("with its secrets from the environment") {
        more = R"({"secret_env":"OC_SECRET"})";
    }
    auto const target = read(more, environment);
    auto const stored = delivery::target_to_storage(target);
    if (!target.secret_env.empty()) CHECK(stored.dump().find("whsec_") == std::string::npos);
    auto const again = delivery::target_from_json(stored, environment);
    REQUIRE_MESSAGE(again, again.error().message);
    CHECK(delivery::target_to_storage(*again) == stored);
    CHECK(again->secrets == target.secrets);
    CHECK(again->headers == target.headers);
    CHECK(again->auth_token == target.auth_token);
    CHECK(again->timeout_seconds == target.timeout_seconds);
    CHECK(again->since == target.since);
}

TEST_SUITE_END();
