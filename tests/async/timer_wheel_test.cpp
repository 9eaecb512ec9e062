#include "async/timer_wheel.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace macp::async;
using SteadyClock = std::chrono::steady_clock;

namespace {

struct Probe final : WheelTimer {
    std::function<void()> then;
    int fired = 0;
    SteadyClock::time_point when{};

    void expired() override {
        ++fired;
        when = SteadyClock::now();
        if (then) {
            auto const run = then;  // `then` may destroy this
            run();
        }
    }
};

struct Wheel {
    asio::io_context loop{1};
    TimerWheel wheel{loop.get_executor()};

    /// Runs until the wheel has nothing left; false when that takes too long.
    bool finishes() {
        loop.restart();
        loop.run_for(20s);
        return loop.stopped();
    }
};

}  // namespace

TEST_SUITE("timer wheel") {
    TEST_CASE("never fires early, and fires once") {
        Wheel w;
        std::vector<std::unique_ptr<Probe>> probes;
        std::vector<SteadyClock::time_point> due;
        for (auto const delay : {0ms, 1ms, 99ms, 100ms, 101ms, 150ms, 250ms, 399ms}) {
            due.push_back(SteadyClock::now() + delay);
            w.wheel.arm(*probes.emplace_back(std::make_unique<Probe>()), delay);
        }
        REQUIRE(w.finishes());
        for (std::size_t i = 0; i < probes.size(); ++i) {
            CHECK(probes[i]->fired == 1);
            CHECK(probes[i]->when >= due[i]);
            CHECK_FALSE(probes[i]->armed());
        }
    }

    TEST_CASE("fires in the order of the ticks") {
        Wheel w;
        Probe early;
        Probe late;
        w.wheel.arm(late, 350ms);
        w.wheel.arm(early, 50ms);
        REQUIRE(w.finishes());
        CHECK(early.when < late.when);
    }

    TEST_CASE("forgets a timer that is cancelled, destroyed or armed anew") {
        Wheel w;
        Probe cancelled;
        Probe moved;
        auto const start = SteadyClock::now();
        w.wheel.arm(cancelled, 1ms);
        cancelled.cancel();
        cancelled.cancel();
        {
            Probe gone;
            w.wheel.arm(gone, 1ms);
        }
        w.wheel.arm(moved, 1ms);
        w.wheel.arm(moved, 300ms);
        REQUIRE(w.finishes());
        CHECK(cancelled.fired == 0);
        CHECK(moved.fired == 1);
        CHECK(moved.when >= start + 300ms);
    }

    TEST_CASE("lets a timer arm itself again from its callback") {
        Wheel w;
        Probe again;
        again.then = [&] {
            if (again.fired < 3) w.wheel.arm(again, 0ms);
        };
        w.wheel.arm(again, 0ms);
        REQUIRE(w.finishes());
        CHECK(again.fired == 3);
    }

    TEST_CASE("lets a callback cancel others that are due in the same tick") {
        Wheel w;
        Probe first;
        Probe second;
        first.then = [&] { second.cancel(); };
        second.then = [&] { first.cancel(); };
        w.wheel.arm(first, 0ms);
        w.wheel.arm(second, 0ms);
        REQUIRE(w.finishes());
        CHECK(first.fired + second.fired == 1);
    }

    TEST_CASE("lets a callback destroy its own timer and others") {
        Wheel w;
        auto self = std::make_unique<Probe>();
        auto other = std::make_unique<Probe>();
        int fired = 0;
        auto const destroy = [&] {
            ++fired;
            self.reset();
            other.reset();
        };
        self->then = destroy;
        other->then = destroy;
        w.wheel.arm(*self, 0ms);
        w.wheel.arm(*other, 0ms);
        REQUIRE(w.finishes());
        CHECK(fired == 1);
    }

    TEST_CASE("fires everything that came due while the loop was stalled, and nothing more") {
        Wheel w;
        Probe due_soon;
        Probe due_then;
        Probe later;
        w.wheel.arm(due_soon, 10ms);
        w.wheel.arm(due_then, 250ms);
        w.wheel.arm(later, 1h);
        std::this_thread::sleep_for(600ms);  // the stall itself
        w.loop.run_one_for(20s);
        CHECK(due_soon.fired == 1);
        CHECK(due_then.fired == 1);
        CHECK(later.fired == 0);
        CHECK(later.armed());
    }

    TEST_CASE("holds a timer back for whole turns of the wheel") {
        Wheel w;
        Probe far;
        Probe near;
        w.wheel.arm(far, TimerWheel::tick * 1024 + 50ms);  // the slot of the one below, a turn later
        w.wheel.arm(near, 50ms);
        w.loop.run_one_for(20s);
        w.loop.run_one_for(20s);
        CHECK(near.fired == 1);
        CHECK(far.fired == 0);
        far.cancel();
        CHECK(w.finishes());
    }

    TEST_CASE("fires nothing once it is stopped, and lets the loop end") {
        Wheel w;
        Probe armed;
        Probe late;
        w.wheel.arm(armed, 0ms);
        w.wheel.stop();
        w.wheel.arm(late, 0ms);
        CHECK_FALSE(late.armed());
        REQUIRE(w.finishes());
        CHECK(armed.fired == 0);
    }
}
