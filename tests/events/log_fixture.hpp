#pragma once

#include "events/sqlite_log.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace macp::testing {

/// A log in a folder of its own, with a clock that stands still.
struct LogFixture {
    TempDir folder{};
    ManualClock clock{};
    events::SqliteOptions options{.clock = clock, .path = folder / "macp.db", .full_sync = false};
    std::unique_ptr<events::SqliteLog> log{};

    LogFixture() = default;
    explicit LogFixture(std::function<void(events::SqliteOptions&)> const& change) { change(options); }

    events::SqliteLog& open() {
        log.reset();
        auto opened = events::SqliteLog::open(options);
        REQUIRE_MESSAGE(opened.has_value(), (opened ? std::string{} : opened.error().message));
        log = *std::move(opened);
        return *log;
    }
};

inline core::NewEvent event(std::string id, std::string type = "t", std::string source = "/s") {
    return {.id = std::move(id), .source = std::move(source), .type = std::move(type), .data = R"({"n":1})"};
}

/// Events `first` … `last`, their number as id.
inline std::vector<core::NewEvent> numbered(int first, int last, std::size_t data_bytes = 10) {
    std::vector<core::NewEvent> events;
    for (int i = first; i <= last; ++i) {
        events.push_back(event(std::to_string(i)));
        events.back().data = '"' + std::string(data_bytes, 'x') + '"';
    }
    return events;
}

inline core::Result<events::CommitResult> append(events::EventLog& log, std::vector<core::NewEvent> events) {
    return log.commit_and_wait({.events = std::move(events)});
}

/// All that passes, read page by page.
inline std::vector<core::Seq> read_all(
    events::EventLog& log, core::Filter const& filter = {}, events::ReadLimits const& limits = {}, core::Seq after = 0
) {
    std::vector<core::Seq> seqs;
    for (;;) {
        auto const page = log.read(after, filter, limits);
        REQUIRE(page.has_value());
        for (std::size_t i = 0; i < page->events.size(); ++i) seqs.push_back(page->events[i].seq);
        if (page->end) return seqs;
        REQUIRE(page->scanned > after);
        after = page->scanned;
    }
}

/// Waits for what another thread will do; false when it does not happen.
inline bool eventually(std::function<bool()> const& happened) {
    auto const give_up = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!happened()) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return true;
}

/// Holds the log's thread inside a callback, so that what is committed meanwhile gathers.
class Gate {
public:
    explicit Gate(events::EventLog& log) {
        std::promise<void> entered;
        auto inside = entered.get_future();
        log.commit({.events = {event("gate")}}, [this, &entered](auto const&) {
            entered.set_value();
            opened_.get_future().wait();
        });
        inside.wait();
    }
    void open() { opened_.set_value(); }

private:
    std::promise<void> opened_;
};

}  // namespace macp::testing
