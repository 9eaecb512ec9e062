#include "cli/stop_signal.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace macp::cli {
namespace {

constexpr int second_interrupt = 130;  // what a shell reports for a program that SIGINT ended

sigset_t stop_signals() {
    sigset_t set{};
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGINT);
    ::sigaddset(&set, SIGTERM);
    return set;
}

}  // namespace

StopSignal::StopSignal(std::function<void()> stop) : stop_{std::move(stop)} {
    auto const set = stop_signals();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    thread_ = std::thread{[this, set] {
        for (bool first = true;; first = false) {
            int number = 0;
            ::sigwait(&set, &number);
            if (over_) return;
            if (!first) ::_exit(second_interrupt);
            stop_();
        }
    }};
}

StopSignal::~StopSignal() {
    over_ = true;
    ::pthread_kill(thread_.native_handle(), SIGINT);  // wakes only that thread, from its sigwait
    thread_.join();
}

}  // namespace macp::cli
