#include "events/event_log.hpp"

#include "log_fixture.hpp"
#include "support/run.hpp"

#include <boost/asio/this_coro.hpp>

using namespace macp;
using testing::LogFixture;
using testing::numbered;

namespace {

struct Told {
    core::Result<events::CommitResult> result{};
    bool on_the_loop = false;
};

async::Task<Told> commit_twice(events::EventLog& log) {
    auto const caller = std::this_thread::get_id();
    events::Commit first{.events = numbered(1, 2)};
    auto const done = co_await log.commit(std::move(first));
    CHECK(done->seqs == std::vector<core::Seq>{1, 2});
    events::Commit second{.events = numbered(3, 3)};
    auto result = co_await log.commit(std::move(second));
    co_return Told{.result = std::move(result), .on_the_loop = std::this_thread::get_id() == caller};
}

core::Position at(core::Seq seq, std::string epoch = {}) {
    return {.kind = core::Position::Kind::At, .epoch = std::move(epoch), .seq = seq};
}

}  // namespace

TEST_SUITE("event log") {
    TEST_CASE("completes an awaited commit on the loop that awaits it") {
        boost::asio::io_context loop{1};
        LogFixture fixture;
        auto const told = testing::run_on(loop, commit_twice(fixture.open()));
        REQUIRE(told.result);
        CHECK(told.result->seqs == std::vector<core::Seq>{3});
        CHECK(told.on_the_loop);
    }

    TEST_CASE("resolves positions, and tells of a foreign or future one by a gap") {
        LogFixture fixture;
        auto& log = fixture.open();
        CHECK(events::resolve(log, {}).after == 0);
        REQUIRE(testing::append(log, numbered(1, 9)));
        CHECK(events::resolve(log, {}).after == 0);
        CHECK(events::resolve(log, {.kind = core::Position::Kind::Now}).after == 9);
        CHECK(events::resolve(log, at(4)).after == 4);
        CHECK(events::resolve(log, at(9, log.epoch())).after == 9);
        CHECK(!events::resolve(log, at(9, log.epoch())).gap);
        for (auto const& position : {at(10), at(4, "another")}) {
            auto const start = events::resolve(log, position);
            CHECK(start.after == 0);
            REQUIRE(start.gap);
            CHECK(start.gap->why == "epoch");
        }
    }
}
