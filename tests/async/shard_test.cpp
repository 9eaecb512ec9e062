#include "async/shard.hpp"

#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include <future>
#include <memory>

using namespace std::chrono_literals;
using namespace macp::async;

namespace {

constexpr auto guard = 20s;

struct Ring final : WheelTimer {
    std::promise<std::thread::id> rung;
    void expired() override { rung.set_value(std::this_thread::get_id()); }
};

Task<> wait_for_stop(Drain& drain, std::promise<void>& done) {
    co_await drain.wait();
    done.set_value();
}

Task<> wait_on_timer(Timer& timer) {
    co_await timer.async_wait(nothrow);
}

}  // namespace

TEST_SUITE("shard") {
    TEST_CASE("runs what is posted on one thread of its own") {
        Shard shard{0};
        shard.start();
        std::promise<std::thread::id> first;
        std::promise<std::thread::id> second;
        asio::post(shard.context(), [&] { first.set_value(std::this_thread::get_id()); });
        asio::post(shard.context(), [&] { second.set_value(std::this_thread::get_id()); });
        auto one = first.get_future();
        auto two = second.get_future();
        REQUIRE(one.wait_for(guard) == std::future_status::ready);
        REQUIRE(two.wait_for(guard) == std::future_status::ready);
        auto const thread = one.get();
        CHECK(thread == two.get());
        CHECK(thread != std::this_thread::get_id());
    }

    TEST_CASE("turns its wheel and counts its probes") {
        Shard shard{1};
        Ring ring;
        asio::post(shard.context(), [&] { shard.wheel().arm(ring, 100ms); });
        shard.start();
        auto rung = ring.rung.get_future();
        REQUIRE(rung.wait_for(guard) == std::future_status::ready);
        CHECK(shard.health().probes > 0);
        CHECK(shard.health().thread_id > 0);
        shard.stop();
        shard.join();
        CHECK(shard.index() == 1);
    }

    TEST_CASE("ends by itself after stop, once its tasks have") {
        Shard shard{2};
        std::promise<void> done;
        shard.start();
        asio::post(shard.context(), [&] {
            shard.tasks().spawn(wait_for_stop(shard.drain(), done));
            shard.drain().request();
        });
        auto ended = done.get_future();
        REQUIRE(ended.wait_for(guard) == std::future_status::ready);
        shard.stop();
        shard.join();
        CHECK(shard.tasks().size() == 0);
    }

    TEST_CASE("abandons what waits when it is destroyed") {
        auto shard = std::make_unique<Shard>(3);
        auto timer = std::make_unique<Timer>(shard->executor(), Timer::time_point::max());
        std::promise<void> spawned;
        shard->start();
        asio::post(shard->context(), [&] {
            shard->tasks().spawn(wait_on_timer(*timer));
            spawned.set_value();
        });
        REQUIRE(spawned.get_future().wait_for(guard) == std::future_status::ready);
        shard->abort();
        shard->join();
        timer.reset();
        shard.reset();
    }

    TEST_CASE("may be destroyed without having been started") {
        Shard const shard{4};
    }
}
