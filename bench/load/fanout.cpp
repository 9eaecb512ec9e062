#include "bench/load/fanout.hpp"

#include "bench/load/cpu_clock.hpp"
#include "bench/load/fleet.hpp"
#include "bench/load/publisher.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <memory>
#include <stdexcept>

namespace macp::bench {
namespace {

constexpr std::chrono::milliseconds turn_time{20};
constexpr std::chrono::milliseconds settle_time{200};  // servers may answer the upgrade before they have subscribed

std::int64_t to_ns(double seconds) {
    return static_cast<std::int64_t>(seconds * 1e9);
}

class FanoutRun {
public:
    explicit FanoutRun(FanoutOptions const& options)
        : options_{options},
          deadline_{now_ns() + to_ns(options.guard_seconds)},
          fleet_{loop_, options.subscription, tally_options(options, options.subscribers)},
          slow_{loop_, slow_subscription(options), tally_options(options, options.slow)},
          cpu_{options.server_pids} {}

    nlohmann::ordered_json run() {
        fleet_.grow_to(options_.subscribers, std::chrono::seconds{60});
        slow_.grow_to(options_.slow, std::chrono::seconds{60});
        slow_.pause(true);
        return options_.publish_path.empty() ? listen() : publish();
    }

private:
    static Tally::Options tally_options(FanoutOptions const& options, std::size_t subscribers) {
        return {
            .subscribers = subscribers,
            .burst = options.publish_path.empty() ? 1 : options.burst,
            .latency_every = options.latency_every,
            .ordered = options.publishers == 1,
        };
    }

    static Subscription slow_subscription(FanoutOptions const& options) {
        auto subscription = options.subscription;
        subscription.receive_buffer = 32 << 10;
        return subscription;
    }

    nlohmann::ordered_json publish() {
        publisher_ = std::make_unique<Publisher>(loop_, options_);
        for (auto const until = now_ns() + settle_time / std::chrono::nanoseconds{1}; now_ns() < until;)
            loop_.turn(turn_time);
        publish_for(options_.warmup_seconds);
        fleet_.tally().restart();
        publisher_->tally() = HttpTally{};

        auto const events_before = publisher_->events();
        auto const cpu_before = cpu_.seconds();
        auto const begin = now_ns();
        publish_for(options_.seconds);
        auto report = rates(begin, cpu_.seconds() - cpu_before);
        report["events"] = publisher_->events() - events_before;
        report["post_us"] = publisher_->tally().latency.summary();
        report["refusals"] = publisher_->tally().refusals;
        if (options_.slow > 0) report["slow"] = finish_slow();
        return report;
    }

    // At least one burst, so that a slow server is measured too.
    void publish_for(double seconds) {
        auto const begin = now_ns();
        auto const end = begin + to_ns(seconds);
        auto const first = publisher_->bursts();
        publisher_->start(begin);
        for (auto now = begin; now < end || publisher_->bursts() == first; now = now_ns()) {
            publisher_->publish(fleet_.tally().complete_bursts(), now);
            turn(publisher_->idle_time(now));
        }
        while (fleet_.tally().complete_bursts() < publisher_->bursts() || !publisher_->all_answered()) turn(turn_time);
    }

    nlohmann::ordered_json listen() {
        auto const cpu_before = cpu_.seconds();
        auto const begin = now_ns();
        while (fleet_.tally().complete_bursts() < options_.expect) turn(turn_time);
        auto report = rates(begin, cpu_.seconds() - cpu_before);
        report["events"] = options_.expect;
        report["from_first_to_last_seconds"] =
            static_cast<double>(fleet_.tally().last_event_ns() - fleet_.tally().first_event_ns()) * 1e-9;
        return report;
    }

    void turn(std::chrono::nanoseconds timeout) {
        loop_.turn(timeout);
        if (options_.slow > 0 && options_.slow_bytes_per_second > 0) slow_.read_slowly(options_.slow_bytes_per_second);
        if (fleet_.tally().closed() > 0) throw std::runtime_error{"the server closed a subscriber"};
        if (now_ns() > deadline_) time_is_up();
    }

    [[noreturn]] void time_is_up() const {
        auto const events = publisher_ ? publisher_->events() : options_.expect;
        throw std::runtime_error{
            "time is up: a subscriber has only " + std::to_string(fleet_.fewest()) + " of " + std::to_string(events) +
            " events"
        };
    }

    nlohmann::ordered_json rates(std::int64_t begin, double cpu_seconds) {
        auto const seconds = static_cast<double>(now_ns() - begin) * 1e-9;
        auto const deliveries = static_cast<double>(fleet_.tally().events());
        auto const events = publisher_ ? publisher_->events() : options_.expect;
        auto report = fleet_.tally().summary();
        auto const whole = fleet_.holding(events) == options_.subscribers;
        report["ok"] = whole && report["gaps"] == 0 && report["disordered"] == 0;
        report["subscribers"] = options_.subscribers;
        report["seconds"] = seconds;
        report["deliveries_per_second"] = deliveries / seconds;
        report["server_cpu_seconds"] = cpu_seconds;
        if (!options_.server_pids.empty()) {
            report["cpu_us_per_delivery"] = cpu_seconds * 1e6 / std::max(deliveries, 1.0);
            report["deliveries_per_cpu_second"] = deliveries / std::max(cpu_seconds, 1e-9);
        }
        return report;
    }

    nlohmann::ordered_json finish_slow() {
        nlohmann::ordered_json report{
            {"subscribers", options_.slow}, {"closed", slow_.tally().closed()}, {"fewest_before_drain", slow_.fewest()}
        };
        if (!options_.drain_slow) return report;
        slow_.pause(false);
        while (slow_.tally().complete_bursts() < publisher_->bursts() && slow_.tally().closed() == 0) turn(turn_time);
        report["complete"] = slow_.holding(publisher_->events());
        report["gaps"] = slow_.tally().summary()["gaps"];
        return report;
    }

    FanoutOptions const& options_;
    std::int64_t deadline_;
    Loop loop_;
    Fleet fleet_;
    Fleet slow_;
    CpuClock cpu_;
    std::unique_ptr<Publisher> publisher_;
};

}  // namespace

nlohmann::ordered_json run_fanout(FanoutOptions const& options) {
    return FanoutRun{options}.run();
}

void hold_idle(Subscription const& subscription, std::vector<std::size_t> const& steps) {
    Loop loop;
    Fleet fleet{loop, subscription, {}};
    std::string line;
    for (auto const step : steps) {
        fleet.grow_to(step, std::chrono::seconds{60});
        std::cout << R"({"open":)" << step << "}\n" << std::flush;
        if (!std::getline(std::cin, line)) return;
    }
}

}  // namespace macp::bench
