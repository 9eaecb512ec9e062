// Follows a gateway: prints each event once and in order, across restarts of the gateway and breaks of the line.
#include <macp/client/subscription.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <signal.h>
#include <string>
#include <thread>

namespace {

void print_help() {
    std::puts(
        "usage: subscribe [URL] [TYPE [SINCE]]\n"
        "\n"
        "  URL    the gateway (default http://127.0.0.1:25294); its token comes from MACP_TOKEN\n"
        "  TYPE   which events, e.g. 'task.*' (default: all)\n"
        "  SINCE  start, now, or a position such as the one printed at the end (default: now)"
    );
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::strcmp(argv[1], "--help") == 0) {
        print_help();
        return EXIT_SUCCESS;
    }
    macp::client::SubscriptionOptions options;
    if (argc > 1) options.url = argv[1];
    if (argc > 2) options.types = {argv[2]};
    if (argc > 3) options.since = argv[3];
    if (auto const* token = std::getenv("MACP_TOKEN")) options.token = token;

    macp::client::SubscriptionHandlers handlers;
    handlers.on_event = [](macp::client::Event const& event, std::string const&) {
        std::printf(
            "%llu %s %s\n", static_cast<unsigned long long>(event.seq), event.type.c_str(), event.subject.c_str()
        );
        std::fflush(stdout);
    };
    handlers.on_gap = [](macp::core::Gap const& gap) {
        std::fprintf(
            stderr, "events %llu to %llu are gone (%s)\n", static_cast<unsigned long long>(gap.from),
            static_cast<unsigned long long>(gap.to), gap.why.c_str()
        );
    };
    handlers.on_disconnect = [](macp::core::Error const& why, std::chrono::milliseconds pause) {
        std::fprintf(
            stderr, "%s (trying again in %.1f s)\n", why.message.c_str(), static_cast<double>(pause.count()) / 1000
        );
    };

    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    macp::client::Subscription subscription{options, handlers};
    std::thread stopper{[&] {  // a thread of its own, because a signal handler may not call `stop`
        int signal = 0;
        sigwait(&signals, &signal);
        subscription.stop();
    }};
    auto const end = subscription.run();
    pthread_kill(stopper.native_handle(), SIGTERM);
    stopper.join();
    std::fprintf(stderr, "position: %s\n", subscription.position().c_str());
    if (end) return EXIT_SUCCESS;
    std::fprintf(stderr, "%s\n", end.error().message.c_str());
    return EXIT_FAILURE;
}
