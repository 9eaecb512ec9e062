#pragma once

#include "bench/net/fd.hpp"

#include <chrono>
#include <cstdint>

namespace macp::bench {

/// Told when its descriptor is ready. Must stay alive while it is registered and until the current turn has ended.
class Handler {
public:
    Handler() = default;
    Handler(Handler const&) = delete;
    Handler& operator=(Handler const&) = delete;
    virtual ~Handler() = default;

    /// `events`: the EPOLL bits that are set.
    virtual void on_ready(std::uint32_t events) = 0;
};

/// A bare epoll loop. Threads: one.
class Loop {
public:
    Loop();

    void add(int fd, std::uint32_t events, Handler& handler);
    void modify(int fd, std::uint32_t events, Handler& handler);
    void remove(int fd);

    /// Waits up to `timeout` for something to be ready and runs the handlers of all that is.
    void turn(std::chrono::nanoseconds timeout);

private:
    void control(int operation, int fd, std::uint32_t events, Handler* handler);

    Fd epoll_;
};

/// CLOCK_MONOTONIC in nanoseconds, the clock of every figure here.
[[nodiscard]] std::int64_t now_ns();

}  // namespace macp::bench
