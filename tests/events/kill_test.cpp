#include "log_fixture.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <unistd.h>

using namespace macp;
using testing::event;
using testing::LogFixture;

namespace {

constexpr int writers = 3;

/// Commits for ever from a few threads; writes `seq id` lines to `out` for what was acknowledged.
[[noreturn]] void write_until_killed(events::SqliteOptions const& options, int out, int round) {
    auto const log = events::SqliteLog::open(options);
    if (!log) ::_exit(2);
    std::vector<std::thread> crowd;
    for (int w = 0; w < writers; ++w) {
        crowd.emplace_back([&, w] {
            std::mt19937 random{static_cast<unsigned>(round * 10 + w)};
            for (int n = 0;;) {
                events::Commit commit;
                auto const prefix = std::to_string(round) + '-' + std::to_string(w) + '-';
                for (auto size = 1 + random() % 40; size > 0; --size)
                    commit.events.push_back(event(prefix + std::to_string(n++)));
                auto ids = commit.events;
                commit.cursors = {{.name = "writer/" + std::to_string(w), .value = prefix + std::to_string(n - 1)}};
                auto const done = (*log)->commit_and_wait(std::move(commit));
                if (!done) ::_exit(3);
                std::string lines;
                for (std::size_t i = 0; i < ids.size(); ++i) {
                    lines += std::to_string(done->seqs[i]) + ' ' + ids[i].id + '\n';
                }
                if (::write(out, lines.data(), lines.size()) < 0) ::_exit(4);
            }
        });
    }
    for (auto& thread : crowd) thread.join();
    ::_exit(5);
}

/// Starts a child that commits, kills it once it has acknowledged about `bytes` of lines, and returns all it said.
std::string run_and_kill(events::SqliteOptions const& options, int round, std::size_t bytes) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    auto const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::close(ends[0]);
        write_until_killed(options, ends[1], round);
    }
    ::close(ends[1]);
    std::string said;
    std::string buffer(4096, '\0');
    bool killed = false;
    for (;;) {
        auto const got = ::read(ends[0], buffer.data(), buffer.size());
        if (got <= 0) break;
        said.append(buffer, 0, static_cast<std::size_t>(got));
        if (!killed && said.size() >= bytes) killed = ::kill(child, SIGKILL) == 0;
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    return said;
}

std::map<std::string, core::Seq> parse_lines(std::string const& said) {
    std::map<std::string, core::Seq> acknowledged;
    for (std::size_t begin = 0, end = 0; (end = said.find('\n', begin)) != std::string::npos; begin = end + 1) {
        auto const space = said.find(' ', begin);
        acknowledged[said.substr(space + 1, end - space - 1)] = std::stoull(said.substr(begin, space - begin));
    }
    return acknowledged;
}

std::string id_of(core::EventView const& event) {
    auto const begin = event.text.find(R"("id":")") + 6;
    return std::string{event.text.substr(begin, event.text.find('"', begin) - begin)};
}

}  // namespace

TEST_SUITE("kill") {
    TEST_CASE("loses nothing that was acknowledged, doubles nothing and leaves no gap, whenever the process is killed"
    ) {
        auto const* const wanted = std::getenv("MACP_TEST_KILLS");
        int const rounds = wanted == nullptr ? 10 : std::max(1, std::atoi(wanted));
        LogFixture fixture;
        std::mt19937 random{static_cast<unsigned>(rounds)};
        std::map<std::string, core::Seq> acknowledged;
        std::string epoch;
        for (int round = 0; round < rounds; ++round) {
            auto const said = run_and_kill(fixture.options, round, 1 + random() % 100'000);
            acknowledged.merge(parse_lines(said));

            auto& log = fixture.open();
            if (round == 0) epoch = log.epoch();
            CHECK(log.epoch() == epoch);
            std::map<std::string, core::Seq> stored;
            std::map<std::string, std::string> newest;  // of each writer in this round
            core::Seq after = 0;
            for (bool end = false; !end;) {
                auto const page = log.read(after, {}, {});
                REQUIRE(page);
                for (std::size_t i = 0; i < page->events.size(); ++i) {
                    REQUIRE(page->events[i].seq == ++after);
                    auto const id = id_of(page->events[i]);
                    REQUIRE(stored.emplace(id, after).second);
                    if (id.starts_with(std::to_string(round) + '-')) {
                        newest["writer/" + id.substr(id.find('-') + 1, 1)] = id;
                    }
                }
                end = page->end;
            }
            for (auto const& [id, seq] : acknowledged) {
                CAPTURE(id);
                REQUIRE(stored.contains(id));
                REQUIRE(stored[id] == seq);
            }
            for (auto const& [writer, id] : newest) CHECK(*log.cursor(writer) == id);
            fixture.log.reset();
        }
        CHECK(!acknowledged.empty());
    }
}
