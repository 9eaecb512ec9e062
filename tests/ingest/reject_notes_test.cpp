#include "ingest/reject_notes.hpp"

#include "support/manual_clock.hpp"

#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>

using namespace macp;
using ingest::RejectNotes;

namespace {

/// Takes the place of the log while it lives.
class CapturedLog {
public:
    CapturedLog() {
        auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(text_);
        auto logger = std::make_shared<spdlog::logger>("captured", std::move(sink));
        logger->set_pattern("%l %v");
        spdlog::set_default_logger(std::move(logger));
    }
    CapturedLog(CapturedLog const&) = delete;
    CapturedLog& operator=(CapturedLog const&) = delete;
    ~CapturedLog() { spdlog::set_default_logger(before_); }

    [[nodiscard]] std::string take() { return std::exchange(text_, std::ostringstream{}).str(); }

private:
    std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
    std::ostringstream text_;
};

}  // namespace

TEST_SUITE("notes of refused lines") {
    TEST_CASE("say file, place and reason") {
        testing::ManualClock const clock;
        CapturedLog log;
        RejectNotes notes{clock};
        notes.note("events.ndjson", 4096, "not JSON", "id-1");
        CHECK(log.take() == "warning events.ndjson at byte 4096: refused a line: not JSON (kept as reject id-1)\n");
    }

    TEST_CASE("stay few however many lines are refused, and tell their number when the minute is over") {
        testing::ManualClock clock;
        CapturedLog log;
        RejectNotes notes{clock};
        for (std::uint64_t i = 0; i < 100'000; ++i) notes.note("f", i, "bad", "id");
        auto const first = log.take();
        CHECK(std::ranges::count(first, '\n') == 11);
        notes.settle();
        CHECK(log.take().empty());
        clock.advance(std::chrono::minutes{1});
        notes.settle();
        CHECK(log.take() == "warning refused 99990 more lines; the newest are at /api/ingest/rejects\n");
        notes.settle();
        CHECK(log.take().empty());
        notes.note("f", 1, "bad", "id");
        CHECK(log.take().find("at byte 1:") != std::string::npos);
    }
}
