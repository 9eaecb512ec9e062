#include "ingest/watching.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <random>

using namespace macp;
using namespace macp::testing;
namespace fs = std::filesystem;

namespace {

/// A writer that appends lines in pieces and rotates its file, while a watcher looks now and then and is restarted.
class Story {
public:
    explicit Story(unsigned seed, bool glob) : watching_{{glob ? "events.ndjson*" : "events.ndjson"}}, random_{seed} {}

    void run() {
        append_line();
        watching_.poll();  // a file that was rotated away before the first look is none of ours
        for (int step = 0; step < 60; ++step) act();
        end_line();
        watching_.poll();
        watching_.restart();
        watching_.poll();
        auto seen = watching_.log.subjects();
        std::ranges::sort(seen);
        std::ranges::sort(written_);
        std::vector<std::string> lost;
        std::vector<std::string> doubled;
        std::ranges::set_difference(written_, seen, std::back_inserter(lost));
        std::ranges::set_difference(seen, written_, std::back_inserter(doubled));
        CAPTURE(lost.size());
        CAPTURE(doubled.size());
        CHECK((lost.empty() && doubled.empty()));
        CHECK(watching_.rejects() == 0);
    }

private:
    void act() {
        switch (random_() % 12) {
            case 0:
            case 1:
            case 2:
                append_line();
                break;
            case 3:
                begin_line();
                break;
            case 4:
                end_line();
                break;
            case 5:
            case 6:
            case 7:
                watching_.poll();
                break;
            case 8:
                watching_.restart();
                break;
            case 9:
                rotate();
                break;
            case 10:
                copy_truncate();
                break;
            default:
                truncate();
                break;
        }
    }

    std::string new_line() {
        written_.push_back("n" + std::to_string(written_.size()));
        auto const filler = std::string(random_() % 5 == 0 ? 3000 : random_() % 30, 'x');
        return R"({"type":"task.completed","task_id":")" + written_.back() + R"(","filler":")" + filler + "\"}\n";
    }
    void append_line() {
        end_line();
        for (unsigned n = 1 + random_() % 4; n > 0; --n) append(file_, new_line());
    }
    void begin_line() {
        end_line();
        auto const line = new_line();
        auto const some = 1 + random_() % (line.size() - 1);
        append(file_, line.substr(0, some));
        rest_ = line.substr(some);
    }
    void end_line() { append(file_, std::exchange(rest_, {})); }

    /// Which file was written last is told by their times, and a kernel counts those in ticks of some milliseconds:
    /// rotations are further apart than that.
    void next_tick() const {
        auto const probe = watching_.folder / "probe";
        write(probe, "");
        auto const now = fs::last_write_time(probe);
        while (fs::last_write_time(probe) == now) write(probe, "");
    }
    void shift() {
        next_tick();
        for (int old = 8; old > 0; --old) {
            auto const name = watching_.file("events.ndjson." + std::to_string(old));
            if (fs::exists(name)) fs::rename(name, watching_.file("events.ndjson." + std::to_string(old + 1)));
        }
    }
    void rotate() {
        end_line();
        if (!fs::exists(file_) || fs::file_size(file_) == 0) return;
        shift();
        fs::rename(file_, watching_.file("events.ndjson.1"));
        if (random_() % 2 == 0) append(file_, new_line());
    }
    /// Copies with truncation are seen before the next one: whoever sleeps over two of them has no way to know.
    void copy_truncate() {
        end_line();
        if (!fs::exists(file_) || fs::file_size(file_) == 0) return;
        watching_.poll();
        append_line();
        if (random_() % 2 == 0) watching_.stop();
        shift();
        copy_and_truncate(file_, watching_.file("events.ndjson.1"));
        if (random_() % 2 == 0) append(file_, new_line());
        watching_.poll();
    }
    /// What is truncated away unread is gone, so everything is read before.
    void truncate() {
        end_line();
        if (!fs::exists(file_)) return;
        watching_.poll();
        next_tick();
        fs::resize_file(file_, 0);
        if (random_() % 2 == 0) append(file_, new_line() + new_line() + new_line());
    }

    Watching watching_;
    fs::path file_ = watching_.file();
    std::mt19937 random_;
    std::vector<std::string> written_;
    std::string rest_;
};

}  // namespace

TEST_SUITE("watcher at random") {
    TEST_CASE("makes each complete line one event, whatever a writer, a rotation and restarts do in whatever order") {
        auto const* const more = std::getenv("MACP_TEST_STORIES");
        unsigned const stories = more == nullptr ? 60 : static_cast<unsigned>(std::stoul(more));
        for (unsigned seed = 1; seed <= stories; ++seed) {
            for (bool const glob : {false, true}) {
                CAPTURE(seed);
                CAPTURE(glob);
                Story{seed, glob}.run();
            }
        }
    }
}
