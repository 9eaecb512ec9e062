#include "ingest/github_event.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace macp;
using nlohmann::json;

namespace {

core::Time const received = *core::parse_time("2026-03-31T09:00:00Z");

core::Result<core::NewEvent> parse(std::string_view name, std::string_view body) {
    return ingest::github_event(name, body, {.source = "/github", .received = received, .id = "delivery-1"});
}

std::string type_of(std::string_view name, json const& body) {
    auto const event = parse(name, body.dump());
    REQUIRE(event.has_value());
    CHECK(json::parse(event->data)["payload"] == body);
    return event->type;
}

/// What GitHub sends with every event.
json body_of(std::string const& action, json const& more = json::object()) {
    json body{{"repository", {{"name", "shop"}, {"full_name", "o/shop"}}}, {"sender", {{"login", "ann"}}}};
    if (!action.empty()) body["action"] = action;
    body.update(more);
    return body;
}

json data_of(std::string_view name, json const& body) {
    auto data = json::parse(parse(name, body.dump())->data);
    CHECK(data["repo_name"] == "shop");
    CHECK(data["repo"] == "o/shop");
    CHECK(data["sender"] == "ann");
    CHECK_FALSE(data.contains("repo_path"));
    return data;
}

json pull_request(bool merged = false) {
    return {
        {"pull_request",
         {{"number", 72},
          {"title", "Cart"},
          {"html_url", "https://h/o/shop/pull/72"},
          {"merged", merged},
          {"head", {{"ref", "issue-65-cart"}, {"sha", "abc"}}}}}
    };
}

}  // namespace

TEST_SUITE("github event") {
    TEST_CASE("names what happened") {
        struct Row {
            std::string_view name;
            std::string_view action;
            std::string_view type;
        };
        for (auto const& [name, action, type] : std::vector<Row>{
                 {"issues", "opened", "github.issue-opened"},
                 {"issues", "closed", "github.issue-closed"},
                 {"issues", "reopened", "github.issue-reopened"},
                 {"issue_comment", "created", "github.issue-commented"},
                 {"issue_comment", "edited", "github.issue-comment-edited"},
                 {"pull_request", "opened", "github.pr-opened"},
                 {"pull_request", "closed", "github.pr-closed"},
                 {"pull_request", "reopened", "github.pr-status-changed"},
                 {"pull_request", "ready_for_review", "github.pr-status-changed"},
                 {"pull_request", "converted_to_draft", "github.pr-status-changed"},
                 {"pull_request", "review_requested", "github.pr-review-requested"},
                 {"pull_request_review", "submitted", "github.pr-review-submitted"},
                 {"pull_request_review_comment", "created", "github.pr-review-commented"},
                 {"pull_request_review_comment", "deleted", "github.pr-review-comment-deleted"},
                 {"check_run", "completed", "github.check-run-completed"},
                 {"check_run", "created", "github.check-run-created"},
                 {"release", "published", "github.release-published"},
                 {"push", "", "github.push"},
                 {"ping", "", "github.ping"},
                 {"workflow_run", "completed", "github.workflow-run-completed"},
                 {"issues", "", "github.issues"},
             }) {
            CAPTURE(type);
            CHECK(type_of(name, body_of(std::string{action})) == type);
        }
        CHECK(type_of("pull_request", body_of("closed", pull_request(true))) == "github.pr-merged");
        CHECK(type_of("pull_request", body_of("closed", pull_request(false))) == "github.pr-closed");
        CHECK(type_of("pull_request", body_of("labeled", pull_request(true))) == "github.pr-labeled");
    }

    TEST_CASE("lifts what routes ask for, and keeps the whole body") {
        auto const issue = data_of(
            "issues",
            body_of("opened", {{"issue", {{"number", 65}, {"title", " Broken "}, {"html_url", "https://h/i/65"}}}})
        );
        CHECK(issue["issue_number"] == 65);
        CHECK(issue["title"] == "Broken");
        CHECK(issue["url"] == "https://h/i/65");
        CHECK(issue["action"] == "opened");
        CHECK(issue["status"] == "opened");
        CHECK_FALSE(issue.contains("pr_number"));

        auto const merged = data_of("pull_request", body_of("closed", pull_request(true)));
        CHECK(merged["pr_number"] == 72);
        CHECK(merged["pr_url"] == "https://h/o/shop/pull/72");
        CHECK(merged["url"] == merged["pr_url"]);
        CHECK(merged["branch"] == "issue-65-cart");
        CHECK(merged["sha"] == "abc");
        CHECK(merged["action"] == "closed");
        CHECK(merged["status"] == "merged");

        json check{{"name", "ci"}, {"status", "completed"}, {"conclusion", "failure"}, {"head_sha", "def"}};
        check["html_url"] = "https://h/runs/1";
        check["check_suite"] = {{"head_branch", "main"}};
        check["pull_requests"] = json::array({{{"number", 72}}});
        auto const run = data_of("check_run", body_of("completed", {{"check_run", check}}));
        CHECK(run["conclusion"] == "failure");
        CHECK(run["status"] == "completed");
        CHECK(run["check_name"] == "ci");
        CHECK(run["branch"] == "main");
        CHECK(run["pr_number"] == 72);
        CHECK(run["sha"] == "def");

        json const release{{"tag_name", "v1"}, {"name", nullptr}, {"html_url", "https://h/v1"}};
        auto const published = data_of("release", body_of("published", {{"release", release}}));
        CHECK(published["tag"] == "v1");
        CHECK(published["title"] == "v1");
        CHECK(published["url"] == "https://h/v1");
    }

    TEST_CASE("knows a comment on a pull request from one on an issue") {
        json const comment{{"html_url", "https://h/c"}};
        json issue{{"number", 65}, {"title", "t"}, {"html_url", "https://h/i"}};
        auto const on_issue = data_of("issue_comment", body_of("created", {{"issue", issue}, {"comment", comment}}));
        CHECK(on_issue["issue_number"] == 65);
        CHECK(on_issue["url"] == "https://h/c");
        issue["pull_request"] = {{"html_url", "https://h/o/shop/pull/65"}};
        auto const on_pr = data_of("issue_comment", body_of("created", {{"issue", issue}, {"comment", comment}}));
        CHECK_FALSE(on_pr.contains("issue_number"));
        CHECK(on_pr["pr_number"] == 65);
        CHECK(on_pr["pr_url"] == "https://h/o/shop/pull/65");
        auto const review = data_of(
            "pull_request_review",
            body_of("submitted", {{"review", {{"state", "approved"}, {"html_url", "https://h/r"}}}})
        );
        CHECK(review["review_state"] == "approved");
    }

    TEST_CASE("tells a pushed branch from a pushed tag") {
        json const head{{"message", "Mend"}};
        auto const branch =
            data_of("push", body_of("", {{"ref", "refs/heads/a/b"}, {"after", "abc"}, {"head_commit", head}}));
        CHECK(branch["branch"] == "a/b");
        CHECK(branch["sha"] == "abc");
        CHECK(branch["title"] == "Mend");
        CHECK_FALSE(branch.contains("status"));
        auto const tag = data_of("push", body_of("", {{"ref", "refs/tags/v1"}, {"head_commit", nullptr}}));
        CHECK(tag["tag"] == "v1");
        CHECK_FALSE(tag.contains("branch"));
    }

    TEST_CASE("is known by its delivery") {
        auto const event = parse(" ping ", R"({ "zen": "a  b", "big": 123456789012345678901234 })");
        REQUIRE(event);
        CHECK(event->id == "delivery-1");
        CHECK(event->source == "/github");
        CHECK(event->time == received);
        CHECK(event->data == R"({"payload":{"zen":"a  b","big":123456789012345678901234}})");
        auto const other = ingest::github_event("ping", "{}", {.source = "/github", .received = received});
        CHECK(other->id.size() == 36);
    }

    TEST_CASE("refuses what is no webhook") {
        CHECK(parse(" ", "{}").error().field == "X-GitHub-Event");
        CHECK(parse("push", "ref=x").error().code == core::ErrorCode::BadJson);
        CHECK(parse("push", "[]").error().code == core::ErrorCode::InvalidField);
        CHECK(parse("push", "1e999").error().code == core::ErrorCode::InvalidField);
    }
}
