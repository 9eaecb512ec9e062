#include "client/resume.hpp"

#include <doctest/doctest.h>

using namespace macp;
using client::Resume;

namespace {

Resume from(std::string const& since) {
    return Resume::from(since).value();
}

}  // namespace

TEST_SUITE_BEGIN("client: resuming");

TEST_CASE("turns `now` into the log's end at the first greeting") {
    auto resume = from("now");
    resume.greet({.epoch = "a", .seq = 10});
    CHECK(resume.since() == "a:10");
    resume.greet({.epoch = "a", .seq = 15});
    CHECK(resume.since() == "a:10");
}

TEST_CASE("goes on after the last event, and takes none twice") {
    auto resume = from("start");
    resume.greet({.epoch = "a", .seq = 10});
    CHECK(resume.take(1));
    CHECK(resume.take(4));
    CHECK_FALSE(resume.take(4));
    CHECK_FALSE(resume.take(2));
    CHECK(resume.since() == "a:4");
}

TEST_CASE("takes a bare number for whichever log answers") {
    auto resume = from("7");
    resume.greet({.epoch = "a", .seq = 10});
    CHECK(resume.since() == "7");
    CHECK_FALSE(resume.take(7));
    CHECK(resume.take(8));
    CHECK(resume.since() == "a:8");
}

TEST_CASE("keeps asking with the old position until the new log has answered it") {
    auto resume = from("a:7");
    resume.greet({.epoch = "b", .seq = 3});
    CHECK(resume.since() == "a:7");
    resume.skip({.from = 1, .to = 7, .why = "epoch"});
    CHECK(resume.since() == "b:0");
    CHECK(resume.take(1));
    CHECK(resume.since() == "b:1");
}

TEST_CASE("starts over when its position lies in the log's future") {
    auto resume = from("a:70");
    resume.greet({.epoch = "a", .seq = 3});
    resume.skip({.from = 4, .to = 70, .why = "epoch"});
    CHECK(resume.take(1));
}

TEST_CASE("goes on behind what is no longer kept") {
    auto resume = from("a:2");
    resume.greet({.epoch = "a", .seq = 30});
    resume.skip({.from = 3, .to = 20, .why = "retention"});
    CHECK(resume.since() == "a:20");
    CHECK(resume.take(21));
}

TEST_CASE("refuses what is no position") {
    auto const resume = Resume::from("yesterday");
    REQUIRE_FALSE(resume);
    CHECK(resume.error().field == "since");
}

TEST_SUITE_END();
