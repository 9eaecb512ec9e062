#include "delivery/mosaic_webhook.hpp"

#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <fstream>

using namespace macp;
using core::ErrorCode;

namespace {

struct ConfigFile {
    explicit ConfigFile(std::string_view text) { std::ofstream{file} << text; }
    [[nodiscard]] core::Result<std::optional<delivery::TargetConfig>> read() const {
        return delivery::read_mosaic_webhook(file);
    }
    testing::TempDir folder;
    std::filesystem::path file = folder / "config.json";
};

ConfigFile webhook(std::string const& members) {
    return ConfigFile{R"({"macp":{"webhook":{)" + members + "}}}"};
}

}  // namespace

TEST_SUITE_BEGIN("delivery: macp.webhook");

TEST_CASE("reads macp.webhook as the orchestrator writes it") {
    auto const target = ConfigFile{R"({"enabled":true,"macp":{"worker":"codex","webhook":{
        "enabled": true, "url": "http://localhost:8080/macp/events", "auth_token": "tok", "timeout_seconds": 7,
        "retry_count": 2, "event_filter": ["task.completed", "task.failed", "task.escalated"], "note": "ours"}}})"}
                            .read();
    REQUIRE_MESSAGE(target, target.error().message);
    REQUIRE(*target);
    auto const& read = **target;
    CHECK(read.name == "mosaic");
    CHECK(read.enabled);
    CHECK(read.url == "http://localhost:8080/macp/events");
    CHECK(read.auth_token == "tok");
    CHECK(read.timeout_seconds == 7);
    CHECK(read.retry.count == 2);
    CHECK(read.types == std::vector<std::string>{"task.completed", "task.failed", "task.escalated"});
    CHECK(read.format == delivery::Format::Raw);
    CHECK(read.ordering == delivery::Ordering::Target);
    CHECK(read.secrets.empty());
}

TEST_CASE("takes an empty token and filter for none, and what is missing for its default") {
    auto const target = webhook(R"("enabled":true,"url":"http://h/","auth_token":"","event_filter":[])").read();
    REQUIRE(target);
    REQUIRE(*target);
    CHECK((*target)->auth_token.empty());
    CHECK((*target)->types.empty());
    CHECK((*target)->timeout_seconds == 10);
    auto const off = webhook(R"("url":"http://h/")").read();
    REQUIRE(off);
    REQUIRE(*off);
    CHECK_FALSE((*off)->enabled);
}

TEST_CASE("finds no target where nothing is configured") {
    CHECK(*delivery::read_mosaic_webhook("/nowhere/config.json") == std::nullopt);
    for (auto const* text :
         {"{}", R"({"macp":{}})", R"({"macp":null})", R"({"macp":{"webhook":null}})",
          R"({"macp":{"webhook":{"enabled":false,"url":""}}})", R"({"macp":{"webhook":{}}})"}) {
        CAPTURE(text);
        auto const target = ConfigFile{text}.read();
        REQUIRE_MESSAGE(target, target.error().message);
        CHECK_FALSE(*target);
    }
}

TEST_CASE("names file and member of what is wrong") {
    struct Case {
        char const* members;
        char const* field;
        char const* part;
    };
    for (auto const& [members, field, part] : {
             Case{
                 R"("enabled":"yes","url":"http://h")", "/macp/webhook/enabled", "macp.webhook.enabled must be true or"
             },
             {R"("enabled":true)", "/macp/webhook/url", "macp.webhook.url is missing"},
             {R"("enabled":true,"url":"")", "/macp/webhook/url", "macp.webhook.url is missing"},
             {R"("enabled":true,"url":"h:80")", "/macp/webhook/url", "macp.webhook.url: `h:80` is not a URL"},
             {R"("enabled":true,"url":5)", "/macp/webhook/url", "macp.webhook.url must be a text"},
             {R"("url":"http://h","auth_token":5)", "/macp/webhook/auth_token", "auth_token must be a text"},
             {R"("url":"http://h","timeout_seconds":"1")", "/macp/webhook/timeout_seconds", "must be a number"},
             {R"("url":"http://h","timeout_seconds":0)", "/macp/webhook/timeout_seconds", "between 0.05 and 600"},
             {R"("url":"http://h","retry_count":-2)", "/macp/webhook/retry_count",
              "macp.webhook.retry_count must be a whole"},
             {R"("url":"http://h","retry_count":500)", "/macp/webhook/retry_count",
              "retry_count must be between 0 and 100"},
             {R"("url":"http://h","event_filter":"x")", "/macp/webhook/event_filter", "event_filter must be a list"},
             {R"("url":"http://h","event_filter":[1])", "/macp/webhook/event_filter/0", "event_filter/0 must be a text"
             },
         }) {
        CAPTURE(members);
        auto const config = webhook(members);
        auto const target = config.read();
        REQUIRE_FALSE(target);
        CHECK(target.error().code == ErrorCode::InvalidField);
        CHECK(target.error().field == field);
        CHECK_MESSAGE(target.error().message.starts_with(config.file.string() + ": "), target.error().message);
        CHECK_MESSAGE(target.error().message.find(part) != std::string::npos, target.error().message);
    }
    for (auto const& [text, part] :
         {std::pair{"[]", "must be a JSON object"},
          {R"({"macp":[]})", "macp must be an object"},
          {R"({"macp":{"webhook":true}})", "macp.webhook must be an object"}}) {
        auto const target = ConfigFile{text}.read();
        REQUIRE_FALSE(target);
        CHECK(target.error().code == ErrorCode::InvalidField);
        CHECK_MESSAGE(target.error().message.find(part) != std::string::npos, target.error().message);
    }
    CHECK(ConfigFile{"{,}"}.read().error().code == ErrorCode::BadJson);
}

TEST_CASE("says when the file cannot be read") {
    testing::TempDir const folder;
    auto const target = delivery::read_mosaic_webhook(folder.path());  // a folder
    REQUIRE_FALSE(target);
    CHECK(target.error().code == ErrorCode::Unavailable);
}

TEST_SUITE_END();
