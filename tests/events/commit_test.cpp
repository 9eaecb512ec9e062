#include "log_fixture.hpp"

#include <stdexcept>

using namespace macp;
using testing::append;
using testing::event;
using testing::LogFixture;
using testing::numbered;
using testing::read_all;

TEST_SUITE("commit") {
    TEST_CASE("numbers events from 1 without a gap and publishes them to the tail") {
        LogFixture fixture;
        auto& log = fixture.open();
        CHECK(log.stats().oldest == 0);
        auto const first = append(log, numbered(1, 3));
        REQUIRE(first);
        CHECK(first->seqs == std::vector<core::Seq>{1, 2, 3});
        CHECK(append(log, numbered(4, 4))->seqs == std::vector<core::Seq>{4});
        CHECK(log.tail().last() == 4);
        CHECK(log.tail().after(0).size() == 2);
        auto const stats = log.stats();
        CHECK(stats.oldest == 1);
        CHECK(stats.last == 4);
        CHECK(stats.appended == 4);
        CHECK(stats.commits == 2);
        CHECK(stats.last_commit == fixture.clock.now());
    }

    TEST_CASE("stores every attribute, and reads back the very text that the tail has") {
        LogFixture fixture;
        auto& log = fixture.open();
        auto const committed = append(
            log, {{.id = "a\"b",
                   .source = "/s/ö",
                   .type = "task.done",
                   .subject = "T-1",
                   .time = *core::parse_time("2026-01-02T03:04:05.678901Z"),
                   .data = R"({"text":"ä\n"})",
                   .extensions = R"(,"traceparent":"00-1")"},
                  {.id = "bare", .source = "/s", .type = "t"}}
        );
        REQUIRE(committed);
        auto const page = log.read(0, {}, {});
        REQUIRE(page);
        REQUIRE(page->events.size() == 2);
        auto const published = log.tail().after(0).front();
        for (std::size_t i = 0; i < 2; ++i) {
            CHECK(page->events[i].text == (*published)[i].text);
            CHECK(page->events[i].data == (*published)[i].data);
            CHECK(page->events[i].subject == (*published)[i].subject);
        }
    }

    TEST_CASE("answers a repeat of source and id with the first position, within a commit, a batch and a restart") {
        LogFixture fixture;
        append(fixture.open(), {event("a"), event("b")});
        auto const within = append(*fixture.log, {event("c"), event("a"), event("c"), event("a", "t", "/other")});
        REQUIRE(within);
        CHECK(within->seqs == std::vector<core::Seq>{3, 1, 3, 4});
        CHECK(within->repeats == 2);
        testing::Gate gate{*fixture.log};  // takes position 5
        std::promise<events::CommitResult> one;
        std::promise<events::CommitResult> two;
        fixture.log->commit({.events = {event("d")}}, [&](auto result) { one.set_value(*result); });
        fixture.log->commit({.events = {event("d"), event("e")}}, [&](auto result) { two.set_value(*result); });
        gate.open();
        CHECK(one.get_future().get().seqs == std::vector<core::Seq>{6});
        CHECK(two.get_future().get().seqs == std::vector<core::Seq>{6, 7});
        CHECK(fixture.log->stats().repeats == 3);

        auto const after_restart = append(fixture.open(), {event("b"), event("f")});
        CHECK(after_restart->seqs == std::vector<core::Seq>{2, 8});
        CHECK(fixture.log->tail().after(7).size() == 1);
    }

    TEST_CASE("goes on after a restart with the same epoch, positions, cursors and rows") {
        LogFixture fixture;
        auto const epoch = fixture.open().epoch();
        REQUIRE(fixture.log->commit_and_wait({
            .events = numbered(1, 5),
            .cursors = {{.name = "watch/a", .value = "{}", .holds = 3}, {.name = "watch/b", .value = "2"}},
            .rows = {{.space = "reject", .key = "k1", .value = "v1"}, {.space = "reject", .key = "k2", .value = "v2"}},
        }));
        auto& log = fixture.open();
        CHECK(epoch.size() == 16);
        CHECK(log.epoch() == epoch);
        CHECK(log.tail().last() == 5);
        CHECK(append(log, numbered(6, 6))->seqs.front() == 6);
        CHECK(*log.cursor("watch/a") == "{}");
        CHECK(!log.cursor("watch/none")->has_value());
        auto const cursors = log.cursors("watch/");
        REQUIRE(cursors->size() == 2);
        CHECK(cursors->at(0).holds == core::Seq{3});
        CHECK(!cursors->at(1).holds);
        CHECK(log.cursors("watch/b")->size() == 1);
        CHECK(*log.row("reject", "k2") == "v2");
        auto const rows = log.rows("reject", "k1", 10);
        REQUIRE(rows->size() == 1);
        CHECK(rows->front().key == "k2");
        CHECK(log.rows("reject", "", 1)->size() == 1);

        REQUIRE(log.commit_and_wait(
            {.cursors = {{.name = "watch/a", .erase = true}}, .rows = {{.space = "reject", .key = "k1"}}}
        ));
        CHECK(!log.cursor("watch/a")->has_value());
        CHECK(!log.row("reject", "k1")->has_value());
    }

    TEST_CASE("does once what names a row, and answers the row from then on") {
        LogFixture fixture;
        auto& log = fixture.open();
        auto const work = [](std::string id) {
            return events::Commit{
                .events = {event(std::move(id))},
                .cursors = {{.name = "c", .value = "moved"}},
                .once =
                    events::Commit::Once{
                        .space = "idempotency",
                        .key = "k",
                        .keep = std::chrono::hours{24},
                        .value = [](auto const& result) { return "seq " + std::to_string(result.seqs.front()); },
                    },
            };
        };
        auto const first = log.commit_and_wait(work("a"));
        REQUIRE(first);
        CHECK(!first->existing);
        CHECK(first->seqs == std::vector<core::Seq>{1});
        auto const again = log.commit_and_wait(work("b"));
        CHECK(again->existing == "seq 1");
        CHECK(again->seqs.empty());
        CHECK(log.tail().last() == 1);

        fixture.clock.advance(std::chrono::hours{24});  // a row past its time counts as absent
        CHECK(!log.row("idempotency", "k")->has_value());
        CHECK(log.rows("idempotency", "", 10)->empty());
        CHECK(log.commit_and_wait(work("c"))->seqs == std::vector<core::Seq>{2});
        CHECK(*log.row("idempotency", "k") == "seq 2");
    }

    TEST_CASE("is refused alone when an event's names are too long") {
        LogFixture fixture;
        auto& log = fixture.open();
        testing::Gate gate{log};
        std::promise<core::Result<events::CommitResult>> refused;
        std::promise<core::Result<events::CommitResult>> taken;
        std::string const endless(core::most_attribute_bytes + 1, 'x');
        log.commit({.events = {event("a"), event("b", endless)}}, [&](auto result) { refused.set_value(result); });
        log.commit({.events = {event("c")}}, [&](auto result) { taken.set_value(result); });
        gate.open();
        auto const answer = refused.get_future().get();
        REQUIRE(!answer);
        CHECK(answer.error().code == core::ErrorCode::InvalidField);
        CHECK(answer.error().field == "/type");
        CHECK(taken.get_future().get()->seqs == std::vector<core::Seq>{2});
        CHECK(!log.stats().fault);
    }

    TEST_CASE("fails alone when it fails by its own fault, and leaves nothing behind") {
        LogFixture fixture;
        auto& log = fixture.open();
        testing::Gate gate{log};
        std::vector<std::future<core::Result<events::CommitResult>>> answers;
        auto const send = [&](events::Commit commit) {
            auto const promise = std::make_shared<std::promise<core::Result<events::CommitResult>>>();
            answers.push_back(promise->get_future());
            log.commit(std::move(commit), [promise](auto result) { promise->set_value(std::move(result)); });
        };
        send({.events = {event("before", "new.type", "/new")}});
        send({
            .events = {event("bad", "bad.type", "/bad")},
            .rows = {{.space = "s", .key = "bad", .value = "v"}},
            .once =
                events::Commit::Once{
                    .space = "o",
                    .key = "k",
                    .value = [](auto const&) -> std::string { throw std::runtime_error{"a bug"}; }
                },
        });
        send({.events = {event("after", "new.type", "/bad")}});
        gate.open();
        CHECK(answers[0].get()->seqs == std::vector<core::Seq>{2});
        auto const failed = answers[1].get();
        REQUIRE(!failed);
        CHECK(failed.error().code == core::ErrorCode::Internal);
        CHECK(answers[2].get()->seqs == std::vector<core::Seq>{3});
        std::size_t published = 0;
        for (auto const& chunk : log.tail().after(0)) published += chunk->size();
        CHECK(published == 3);
        CHECK(!log.row("s", "bad")->has_value());
        CHECK(!log.row("o", "k")->has_value());
        CHECK(read_all(log, {.types = {"bad.type"}}).empty());
        CHECK(read_all(log, {.sources = {"/bad"}}) == std::vector<core::Seq>{3});
        CHECK(!log.stats().fault);
        auto& again = fixture.open();  // and the names in memory were those of the disk
        CHECK(read_all(again, {.types = {"new.type"}, .sources = {"/bad"}}) == std::vector<core::Seq>{3});
    }
}
