#include "engine.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <random>
#include <sstream>
#include <unistd.h>

using namespace macp;
using namespace std::chrono_literals;
using testing::answers;
using testing::delivered;
using testing::Engine;
using testing::event;
using testing::nobody_there;
using testing::Sent;
using testing::target;

namespace {

constexpr int event_count = 600;

delivery::TargetConfig quick(std::string name, delivery::Ordering ordering) {
    auto config = target(std::move(name));
    config.ordering = ordering;
    config.concurrency = 4;
    config.retry.base_seconds = 0.01;
    config.retry.cap_seconds = 0.02;
    return config;
}

/// What a receiver got, written where the parent sees it before the sender hears of it.
void set_up(Engine& engine, int out) {
    engine.with(quick("ordered", delivery::Ordering::Target))
        .with(quick("subjects", delivery::Ordering::Subject))
        .with(quick("loose", delivery::Ordering::None))
        .with(quick("flaky", delivery::Ordering::Target))
        .with(quick("dead", delivery::Ordering::Target));
    auto const take = [out](std::string name) {
        return [out, name = std::move(name), n = 0](Sent const& sent) mutable {
            if (name == "flaky" && ++n % 3 == 0) return answers(500);
            auto const line = name + ' ' + std::to_string(sent.seqs[0]) + '\n';
            if (::write(out, line.data(), line.size()) < 0) ::_exit(4);
            return delivered();
        };
    };
    for (auto const* const name : {"ordered", "subjects", "loose", "flaky"}) engine.script(name).play(take(name));
    engine.script("dead").play([](Sent const&) { return nobody_there(); });
}

[[noreturn]] void deliver_until_killed(std::filesystem::path const& database, int out) {
    Engine engine{2};
    engine.options.path = database;
    set_up(engine, out);
    engine.start();
    for (;;) {
        engine.clock.advance(10ms);
        engine.targets->tick();
        std::this_thread::sleep_for(1ms);
    }
}

/// Runs a child until the receivers have got about `lines`, and kills it.
std::string run_and_kill(std::filesystem::path const& database, std::size_t lines) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    auto const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::close(ends[0]);
        deliver_until_killed(database, ends[1]);
    }
    ::close(ends[1]);
    std::string said;
    std::string buffer(4096, '\0');
    bool killed = false;
    for (;;) {
        auto const got = ::read(ends[0], buffer.data(), buffer.size());
        if (got <= 0) break;
        said.append(buffer, 0, static_cast<std::size_t>(got));
        auto const count = static_cast<std::size_t>(std::ranges::count(said, '\n'));
        if (!killed && count >= lines) killed = ::kill(child, SIGKILL) == 0;
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    return said;
}

using Received = std::map<std::string, std::vector<core::Seq>>;

Received parse(std::string const& said) {
    Received received;
    std::istringstream lines{said};
    std::string name;
    core::Seq seq = 0;
    while (lines >> name >> seq) received[name].push_back(seq);
    return received;
}

std::string subject_of(core::Seq seq) {
    return "s" + std::to_string(seq % 5);
}

/// In order within the run, and without a gap to what came before.
void check_order(std::vector<core::Seq> const& run, core::Seq done_before) {
    CHECK(std::ranges::is_sorted(run));
    CHECK(std::ranges::adjacent_find(run) == run.end());
    if (!run.empty()) CHECK(run.front() <= done_before + 1);
}

}  // namespace

TEST_SUITE("delivery and kill") {
    TEST_CASE("gets every event to every live target at least once and in order, whenever it is killed") {
        auto const* const wanted = std::getenv("MACP_TEST_KILLS");
        int const rounds = wanted == nullptr ? 8 : std::max(1, std::atoi(wanted));
        std::mt19937 random{static_cast<unsigned>(rounds)};
        testing::TempDir const folder;
        auto const database = folder / "kill.db";
        {
            Engine engine;
            engine.options.path = database;
            engine.open_log();
            std::vector<core::NewEvent> all;
            for (int i = 1; i <= event_count; ++i) {
                auto const seq = static_cast<core::Seq>(i);
                all.push_back(event(std::to_string(i), "task.completed", subject_of(seq)));
            }
            engine.append(std::move(all));
        }
        Received total;
        auto const take = [&total](std::string const& said) {
            for (auto const& [name, run] : parse(said)) {
                auto& before = total[name];
                auto const high = before.empty() ? 0 : *std::ranges::max_element(before);
                if (name == "ordered" || name == "flaky") check_order(run, high);
                if (name == "subjects") {
                    std::map<std::string, core::Seq> last;
                    for (auto const seq : run) {
                        CHECK(last[subject_of(seq)] < seq);
                        last[subject_of(seq)] = seq;
                    }
                }
                before.insert(before.end(), run.begin(), run.end());
            }
        };
        for (int round = 0; round < rounds; ++round) take(run_and_kill(database, 1 + random() % 150));

        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        {
            Engine engine{2};
            engine.options.path = database;
            set_up(engine, ends[1]);
            engine.start();
            // A pipe holds less than all lines: read while they come.
            std::string said;
            std::thread reader{[&said, out = ends[0]] {
                std::string buffer(4096, '\0');
                for (ssize_t got = 0; (got = ::read(out, buffer.data(), buffer.size())) > 0;)
                    said.append(buffer, 0, static_cast<std::size_t>(got));
            }};
            for (bool behind = true; behind;) {
                engine.advance(10ms);
                behind = false;
                for (auto const* const name : {"ordered", "subjects", "loose", "flaky"})
                    behind = behind || engine.saved(name).progress.done() < event_count;
            }
            CHECK(engine.status("dead").lag >= event_count);
            CHECK(engine.status("dead").dead_letters == 0);
            engine.stop();
            ::close(ends[1]);
            reader.join();
            ::close(ends[0]);
            take(said);
        }
        for (auto const* const name : {"ordered", "subjects", "loose", "flaky"}) {
            auto got = total[name];
            std::ranges::sort(got);
            got.erase(std::ranges::unique(got).begin(), got.end());
            CHECK(got == testing::range(1, event_count));
        }
    }
}
