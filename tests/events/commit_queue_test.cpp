#include "events/commit_queue.hpp"

#include "events/answers.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <vector>

using namespace macp;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

namespace {

constexpr std::size_t many = 1000;

bool push(events::CommitQueue& queue, std::size_t bytes = 1) {
    events::PendingCommit pending{.done = [](auto const&) {}, .bytes = bytes};
    return queue.push(pending);
}

auto take(events::CommitQueue& queue) {
    return queue.take(many, many, Steady::now() + 1h);
}

}  // namespace

TEST_SUITE("commit queue") {
    TEST_CASE("hands out what has gathered, bounded by bytes and events, but always one") {
        events::CommitQueue queue{100, 0us};
        CHECK(push(queue, 60));
        CHECK_FALSE(push(queue, 60));
        CHECK(push(queue, 40));
        CHECK(queue.levels().now == 100);
        CHECK(queue.take(10, many, Steady::now()).size() == 1);
        CHECK(queue.take(10, many, Steady::now()).size() == 1);
        CHECK(queue.take(10, many, Steady::now()).empty());
        CHECK(queue.levels().now == 0);
        CHECK(queue.levels().high == 100);
    }

    TEST_CASE("lets nobody wait who commits alone") {
        events::CommitQueue queue{many, 1h};
        for (int i = 0; i < 3; ++i) {
            push(queue);
            CHECK(take(queue).size() == 1);
        }
    }

    TEST_CASE("waits, after a batch, for as many commits as it had") {
        events::CommitQueue queue{many, 1h};
        for (int i = 0; i < 3; ++i) push(queue);
        REQUIRE(take(queue).size() == 3);
        push(queue);
        push(queue);
        auto next = std::async(std::launch::async, [&] { return take(queue).size(); });
        push(queue);
        CHECK(next.get() == 3);
    }

    TEST_CASE("waits for the others no longer than it was told to, and not once it is closed") {
        events::CommitQueue queue{many, 1ms};
        for (int i = 0; i < 3; ++i) push(queue);
        REQUIRE(take(queue).size() == 3);
        push(queue);
        CHECK(take(queue).size() == 1);

        events::CommitQueue closing{many, 1h};
        for (int i = 0; i < 3; ++i) push(closing);
        REQUIRE(take(closing).size() == 3);
        push(closing);
        auto next = std::async(std::launch::async, [&] { return take(closing).size(); });
        closing.close();
        CHECK(next.get() == 1);
        CHECK(closing.done());
    }
}

TEST_SUITE("answers") {
    TEST_CASE("go to a loop with one post a batch, in their order; without a loop at once") {
        boost::asio::io_context loop;
        boost::asio::io_context other;
        std::vector<int> told;
        auto const pending = [&](int number, std::optional<async::Executor> where) {
            return events::PendingCommit{
                .done = [&told, number](auto const&) { told.push_back(number); }, .loop = where
            };
        };
        events::Answers answers;
        answers.add(pending(1, loop.get_executor()), {});
        answers.add(pending(2, std::nullopt), {});
        answers.add(pending(3, other.get_executor()), {});
        answers.add(pending(4, loop.get_executor()), {});
        CHECK(told == std::vector{2});
        answers.send();
        answers.send();
        CHECK(loop.poll() == 1);
        CHECK(told == std::vector{2, 1, 4});
        CHECK(other.poll() == 1);
        CHECK(told == std::vector{2, 1, 4, 3});
    }
}
