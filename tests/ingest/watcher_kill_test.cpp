#include "core/json.hpp"
#include "events/sqlite_log.hpp"
#include "ingest/files.hpp"
#include "ingest/rejects.hpp"
#include "ingest/watcher.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <random>
#include <spawn.h>
#include <string>
#include <thread>
#include <vector>

using namespace macp;
using namespace macp::testing;
namespace fs = std::filesystem;

namespace {

constexpr char const* child_folder = "MACP_TEST_WATCHER_FOLDER";
core::SystemClock const system_clock;

std::unique_ptr<events::SqliteLog> open_log(fs::path const& folder) {
    auto log = events::SqliteLog::open({.clock = system_clock, .path = folder / "log" / "macp.db"});
    if (!log) FAIL(log.error().message);
    return *std::move(log);
}

ingest::WatcherOptions options_for(fs::path const& folder) {
    return {.root = folder, .files = {"*.ndjson*"}, .poll_interval = std::chrono::milliseconds{1}, .batch_events = 20};
}

/// Another process that only watches, until it is killed.
class Child {
public:
    explicit Child(fs::path const& folder) {
        ::setenv(child_folder, folder.c_str(), 1);
        std::string name = "test_ingest";
        std::string pick = "-tc=watches until it is killed";
        std::string no_skip = "--no-skip";
        std::array<char*, 4> arguments{name.data(), pick.data(), no_skip.data(), nullptr};
        REQUIRE(::posix_spawn(&pid_, "/proc/self/exe", nullptr, nullptr, arguments.data(), environ) == 0);
        ::unsetenv(child_folder);
    }
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;
    ~Child() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

private:
    pid_t pid_ = 0;
};

/// Appends lines in whole and in pieces, and rotates now and then.
class Writer {
public:
    explicit Writer(fs::path folder) : folder_{std::move(folder)} {}

    void step() {
        auto const file = folder_ / ("f" + std::to_string(random_() % 3) + ".ndjson");
        if (random_() % 40 == 0 && fs::exists(file)) {
            fs::rename(file, file.string() + "." + std::to_string(++rotated_));
        }
        std::string text;
        for (auto n = 1 + random_() % 20; n > 0; --n) {
            names_.push_back("n" + std::to_string(names_.size()));
            text += event_line(names_.back());
        }
        if (random_() % 10 == 0) text += "bad line " + std::to_string(++bad_) + "\n";
        auto const half = random_() % text.size();
        append(file, text.substr(0, half));
        append(file, text.substr(half));
    }
    [[nodiscard]] std::vector<std::string> names() const {
        auto sorted = names_;
        std::ranges::sort(sorted);
        return sorted;
    }
    [[nodiscard]] std::size_t bad() const { return bad_; }

private:
    fs::path folder_;
    std::mt19937 random_{42};
    std::vector<std::string> names_;
    std::size_t rotated_ = 0;
    std::size_t bad_ = 0;
};

struct Found {
    std::vector<std::string> subjects;
    std::size_t rejected = 0;
};

/// What `a` has more of than `b`, as text; both sorted.
std::string difference(std::vector<std::string> const& a, std::vector<std::string> const& b) {
    std::vector<std::string> more;
    std::ranges::set_difference(a, b, std::back_inserter(more));
    std::string text;
    for (auto const& name : more) text += name + " ";
    return text;
}

Found read_all(events::SqliteLog& log) {
    Found found;
    core::Seq after = 0;
    for (bool end = false; !end;) {
        auto const page = log.read(after, {}, {});
        REQUIRE(page);
        for (std::size_t i = 0; i < page->events.size(); ++i) {
            auto const event = page->events[i];
            CHECK(event.seq == after + 1 + i);
            if (event.type == "ingest.rejected") {
                ++found.rejected;
            } else {
                found.subjects.emplace_back(event.subject);
            }
        }
        after = page->scanned;
        end = page->end;
    }
    std::ranges::sort(found.subjects);
    return found;
}

}  // namespace

TEST_SUITE("watcher that is killed") {
    TEST_CASE("watches until it is killed" * doctest::skip()) {
        auto const* const folder = std::getenv(child_folder);
        if (folder == nullptr) return;
        auto const log = open_log(folder);
        ingest::Rejects rejects{*log};
        ingest::Watcher watcher{*log, system_clock, rejects, options_for(folder)};
        while (true) std::this_thread::sleep_for(std::chrono::hours{1});
    }

    TEST_CASE("makes each complete line exactly one event, each bad one exactly one reject") {
        auto const* const wanted = std::getenv("MACP_TEST_KILLS");
        auto const kills = wanted == nullptr ? 5 : std::stoi(wanted);
        TempDir const folder;
        Writer writer{folder.path()};
        std::mt19937 random{std::random_device{}()};
        for (int i = 0; i < kills; ++i) {
            Child const child{folder.path()};
            auto const end = std::chrono::steady_clock::now() + std::chrono::milliseconds{30 + random() % 300};
            while (std::chrono::steady_clock::now() < end) {
                writer.step();
                std::this_thread::sleep_for(std::chrono::milliseconds{1});
            }
        }
        auto const log = open_log(folder.path());
        ingest::Rejects rejects{*log};
        ingest::Watcher watcher{*log, system_clock, rejects, options_for(folder.path())};
        REQUIRE(watcher.poll_now(std::chrono::minutes{1}));
        watcher.stop();
        auto const found = read_all(*log);
        auto const lost = difference(writer.names(), found.subjects);
        auto const doubled = difference(found.subjects, writer.names());
        CAPTURE(lost);
        CAPTURE(doubled);
        CHECK((lost.empty() && doubled.empty()));
        CHECK(found.rejected == writer.bad());
        CHECK(log->rows("rejects", "", 10'000)->size() == writer.bad());
    }

    TEST_CASE("works over the real log: keeps its cursor with its events") {
        TempDir const folder;
        append(folder / "a.ndjson", event_line("a"));
        for (auto const* const more : {"b", "c"}) {
            auto const log = open_log(folder.path());
            ingest::Rejects rejects{*log};
            ingest::Watcher watcher{*log, system_clock, rejects, options_for(folder.path())};
            append(folder / "a.ndjson", event_line(more));
            REQUIRE(watcher.poll_now());
        }
        auto const log = open_log(folder.path());
        CHECK(read_all(*log).subjects == std::vector<std::string>{"a", "b", "c"});
        auto const cursors = log->cursors("watch:");
        REQUIRE(cursors);
        REQUIRE(cursors->size() == 1);
        CHECK(cursors->front().name == "watch:a.ndjson");
    }
}
