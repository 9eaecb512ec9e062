#include "ingest/contract_clues.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace macp::ingest;

TEST_SUITE("contract clues") {
    TEST_CASE("tells the test runner by the command, in the order of the table") {
        CHECK(runner_of_command("CARGO test --all") == "cargo-test");
        CHECK(runner_of_command("python -m pytest -q") == "pytest");
        CHECK(runner_of_command("npx vitest run") == "vitest");
        CHECK(runner_of_command("./node_modules/.bin/jest") == "jest");
        CHECK(runner_of_command("cd x && go test ./...") == "go-test");
        CHECK(runner_of_command("npm test") == "package-test");
        CHECK(runner_of_command("pnpm test") == "package-test");
        CHECK(runner_of_command("yarn test a") == "package-test");
        CHECK(runner_of_command("bun test") == "package-test");
        CHECK(runner_of_command("npm test && cargo test") == "cargo-test");
        CHECK(runner_of_command("go test && pytest") == "pytest");
        CHECK(runner_of_command("django test").empty());
        CHECK(runner_of_command("make check").empty());
        CHECK(runner_of_command("").empty());
    }

    TEST_CASE("finds the URL of a pull request alone") {
        CHECK(pull_request_url_in("opened https://github.com/o/r/pull/72.") == "https://github.com/o/r/pull/72");
        CHECK(pull_request_url_in("[PR](https://h/o/r/pull/7/files#x) ok") == "https://h/o/r/pull/7");
        CHECK(pull_request_url_in("http://a/b and https://h/pull/x https://h/pull/8") == "https://h/pull/8");
        CHECK(pull_request_url_in("see o/r/pull/72").empty());
        CHECK(pull_request_url_in("https://h/o /pull/72").empty());
        CHECK(pull_request_url_in("https://h/o/pull/").empty());
        CHECK(pull_request_url_in(std::string(1'000'000, 'x') + " https://h/pull/9") == "https://h/pull/9");
    }

    TEST_CASE("tells the number of a pull request, whatever follows") {
        CHECK(pull_request_number_in("https://github.com/o/r/pull/72") == "72");
        CHECK(pull_request_number_in("https://github.com/o/r/pull/72/files?x#y") == "72");
        CHECK(pull_request_number_in("https://h/pull/0072") == "72");
        CHECK(pull_request_number_in("https://h/pull/new").empty());
        CHECK(pull_request_number_in("https://h/pull/99999999999999999999999").empty());
        CHECK(pull_request_number_in("https://h/issues/72").empty());
    }

    TEST_CASE("tells the number of an issue by the marks in their order") {
        CHECK(issue_number_in("issue-65-x", "") == "65");
        CHECK(issue_number_in("feat/Issue-65-x", "") == "65");
        CHECK(issue_number_in("issue/66", "") == "66");
        CHECK(issue_number_in("fix ISSUE#67", "") == "67");
        CHECK(issue_number_in("fix #68", "") == "68");
        CHECK(issue_number_in("#1 issue#2 issue/3 issue-4", "") == "4");
        CHECK(issue_number_in("#1 issue#2 issue/3", "") == "3");
        CHECK(issue_number_in("issue-tracker issue-5", "") == "5");
        CHECK(issue_number_in("my_issue-6", "") == "6");
        CHECK(issue_number_in("issue-007", "") == "7");
        CHECK(issue_number_in("tissue-65", "").empty());
        CHECK(issue_number_in("2issue-65", "").empty());
        CHECK(issue_number_in("\xC3\xA9issue-65", "").empty());
        CHECK(issue_number_in("a#65", "").empty());
        CHECK(issue_number_in("issue 65", "").empty());
        CHECK(issue_number_in("issue-", "").empty());
    }

    TEST_CASE("never takes a pull request for the issue") {
        CHECK(issue_number_in("merge #72", "72").empty());
        CHECK(issue_number_in("merge #72 for #65", "72") == "65");
        CHECK(issue_number_in("PR #72", "").empty());
        CHECK(issue_number_in("PR#72", "").empty());
        CHECK(issue_number_in("Pull request #72 for issue #65", "") == "65");
        CHECK(issue_number_in("spr #72", "") == "72");
    }

    TEST_CASE("takes the last component of a path") {
        CHECK(last_component("/src/shop") == "shop");
        CHECK(last_component("/src/shop//") == "shop");
        CHECK(last_component("C:\\src\\shop\\") == "shop");
        CHECK(last_component("shop") == "shop");
        CHECK(last_component("/").empty());
        CHECK(last_component("").empty());
    }
}
