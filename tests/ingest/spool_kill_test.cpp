#include "events/sqlite_log.hpp"
#include "ingest/files.hpp"
#include "ingest/spool.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <spawn.h>
#include <string>

using namespace macp;
using namespace macp::testing;
namespace fs = std::filesystem;

namespace {

constexpr char const* child_folder = "MACP_TEST_SPOOL_FOLDER";
core::SystemClock const system_clock;

std::unique_ptr<events::SqliteLog> open_log(fs::path const& folder) {
    auto log = events::SqliteLog::open({.clock = system_clock, .path = folder / "macp.db"});
    if (!log) FAIL(log.error().message);
    return *std::move(log);
}

/// Kills this process as soon as a commit is durable, before anyone is told.
class KillingLog final : public events::EventLog {
public:
    explicit KillingLog(events::EventLog& log) : log_{log} {}

    using events::EventLog::commit;
    using events::EventLog::rows;
    void commit(events::Commit commit, Done done, std::optional<async::Executor> loop) override {
        auto kill = [done = std::move(done)](core::Result<events::CommitResult> result) {
            if (result) ::raise(SIGKILL);
            done(std::move(result));
        };
        log_.commit(std::move(commit), std::move(kill), loop);
    }
    [[nodiscard]] std::string const& epoch() const override { return log_.epoch(); }
    [[nodiscard]] core::Result<events::Page> read(
        core::Seq after, core::Filter const& filter, events::ReadLimits const& limits
    ) override {
        return log_.read(after, filter, limits);
    }
    [[nodiscard]] core::Result<core::Seq> before_time(core::Time time) override { return log_.before_time(time); }
    [[nodiscard]] core::Result<std::optional<std::string>> row(std::string_view space, std::string_view key) override {
        return log_.row(space, key);
    }
    [[nodiscard]] core::Result<std::vector<events::Row>> rows(
        std::string_view space, std::string_view after, std::size_t limit, std::size_t max_bytes
    ) override {
        return log_.rows(space, after, limit, max_bytes);
    }
    [[nodiscard]] core::Result<std::optional<std::string>> cursor(std::string_view name) override {
        return log_.cursor(name);
    }
    [[nodiscard]] core::Result<std::vector<events::CursorMove>> cursors(std::string_view prefix) override {
        return log_.cursors(prefix);
    }
    [[nodiscard]] events::Tail& tail() override { return log_.tail(); }
    [[nodiscard]] events::LogStats stats() const override { return log_.stats(); }

private:
    events::EventLog& log_;
};

/// Runs the test case that is killed, in another process; returns the signal that ended it.
int run_until_killed(fs::path const& folder) {
    ::setenv(child_folder, folder.c_str(), 1);
    std::string name = "test_ingest";
    std::string pick = "-tc=takes the spool up until it is killed";
    std::string no_skip = "--no-skip";
    std::array<char*, 4> arguments{name.data(), pick.data(), no_skip.data(), nullptr};
    pid_t pid = 0;
    REQUIRE(::posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, arguments.data(), environ) == 0);
    ::unsetenv(child_folder);
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

std::size_t files_in(fs::path const& folder) {
    return ingest::list_spool(folder / "spool")->size();
}

}  // namespace

TEST_SUITE("spool that is killed") {
    TEST_CASE("takes the spool up until it is killed" * doctest::skip()) {
        auto const* const folder = std::getenv(child_folder);
        if (folder == nullptr) return;
        auto const log = open_log(folder);
        KillingLog killing{*log};
        ingest::Rejects rejects{killing};
        ingest::Spool spool{killing, system_clock, rejects, fs::path{folder} / "spool"};
        static_cast<void>(spool.take_up());
    }

    TEST_CASE("makes each body its events, or one reject, once, however often it dies between commit and removal") {
        for (auto const& [text, rejected] :
             {std::pair{R"({"event_id":"h-1","event":"stop"})", false},
              {R"({"event":"no id"})", false},
              {"broken", true}}) {
            CAPTURE(text);
            TempDir const folder;
            ingest::SpooledBody const body{.door = "POST /api/omx/hook", .text = text, .received = system_clock.now()};
            REQUIRE(ingest::write_spooled(folder / "spool", body));
            for (int i = 0; i < 3; ++i) {
                REQUIRE(run_until_killed(folder.path()) == SIGKILL);
                REQUIRE(files_in(folder.path()) == 1);
            }
            auto const log = open_log(folder.path());
            ingest::Rejects rejects{*log};
            ingest::Spool spool{*log, system_clock, rejects, folder / "spool"};
            REQUIRE(spool.take_up());
            CHECK(files_in(folder.path()) == 0);
            CHECK(log->stats().last == 1);
            CHECK(ingest::list_rejects(*log, "", 10)->size() == (rejected ? 1 : 0));
        }
    }
}
