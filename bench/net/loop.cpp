#include "bench/net/loop.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <system_error>

namespace macp::bench {

Loop::Loop() : epoll_{epoll_create1(EPOLL_CLOEXEC)} {
    if (!epoll_.open()) throw std::system_error{errno, std::generic_category(), "epoll_create1"};
}

void Loop::control(int operation, int fd, std::uint32_t events, Handler* handler) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = handler;
    if (epoll_ctl(epoll_.get(), operation, fd, &event) != 0)
        throw std::system_error{errno, std::generic_category(), "epoll_ctl"};
}

void Loop::add(int fd, std::uint32_t events, Handler& handler) {
    control(EPOLL_CTL_ADD, fd, events, &handler);
}

void Loop::modify(int fd, std::uint32_t events, Handler& handler) {
    control(EPOLL_CTL_MOD, fd, events, &handler);
}

void Loop::remove(int fd) {
    control(EPOLL_CTL_DEL, fd, 0, nullptr);
}

void Loop::turn(std::chrono::nanoseconds timeout) {
    std::array<epoll_event, 512> events{};
    auto const bounded = std::max<std::int64_t>(timeout.count(), 0);
    timespec const wait{.tv_sec = bounded / 1'000'000'000, .tv_nsec = bounded % 1'000'000'000};
    int const ready = epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()), &wait, nullptr);
    for (int i = 0; i < ready; ++i) {
        auto const& event = events[static_cast<std::size_t>(i)];
        static_cast<Handler*>(event.data.ptr)->on_ready(event.events);
    }
}

std::int64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace macp::bench
