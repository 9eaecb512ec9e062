#include "ingest/watching.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace macp;
using namespace macp::testing;

namespace {

std::string add(MemoryLog& log, ingest::Reject reject) {
    ingest::Rejects rejects{log};
    events::Commit commit;
    reject.received = core::SystemClock{}.now();
    reject.bytes = std::max<std::uint64_t>(reject.bytes, reject.text.size());
    auto id = rejects.add(commit, reject);
    REQUIRE(log.commit_and_wait(std::move(commit)));
    return id;
}

}  // namespace

TEST_SUITE("rejects") {
    TEST_CASE("tries a text again: appends the event and drops the reject at once") {
        MemoryLog log;
        core::SystemClock const clock;
        auto const line = add(log, {.file = "f", .text = R"({"type":"x"})"});
        auto const body = add(log, {.text = R"({"type":"y","payload":7})", .door = "POST /api/events"});
        CHECK(ingest::retry_reject(log, clock, line).value() == 3);
        CHECK(ingest::retry_reject(log, clock, body).value() == 4);
        CHECK(log.all()[2].source == "/orchestrator/events");
        CHECK(log.all()[3].source == "/api/events");
        CHECK(log.all()[3].data == R"({"value":7})");
        CHECK(ingest::list_rejects(log, "", 10)->empty());
        CHECK(ingest::retry_reject(log, clock, line).error().code == core::ErrorCode::NotFound);
    }

    TEST_CASE("keeps what is still wrong, and what was not kept whole") {
        MemoryLog log;
        core::SystemClock const clock;
        auto const wrong = add(log, {.file = "f", .text = "{}"});
        auto const bytes = add(log, {.file = "f", .text = "{\"type\":\"\xff\"}"});
        auto const cut = add(log, {.file = "f", .text = R"({"type":"x"})", .bytes = 100});
        CHECK(ingest::retry_reject(log, clock, wrong).error().field == "/type");
        CHECK(ingest::retry_reject(log, clock, bytes).error().code == core::ErrorCode::BadJson);
        CHECK(ingest::retry_reject(log, clock, cut).error().code == core::ErrorCode::Conflict);
        auto const first = *ingest::list_rejects(log, "", 2);
        REQUIRE(first.size() == 2);
        CHECK(ingest::list_rejects(log, first.back().key, 2)->front().key == cut);
    }

    TEST_CASE("tells of the same line once, and of each body by itself") {
        MemoryLog log;
        for (int i = 0; i < 2; ++i) {
            add(log, {.file = "f", .inode = 7, .offset = 100, .reason = "bad", .text = "bad"});
            add(log, {.reason = "bad", .text = "bad", .door = "POST /api/events"});
        }
        CHECK(log.all().size() == 3);
    }
}
