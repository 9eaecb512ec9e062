#include "core/version.hpp"
#include "server/reports.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <utility>

namespace macp::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Label = ClientMetric::Label;
using Labels = std::vector<Label>;

/// Collects families in the order in which they are told. The counters live where they are counted; nothing on a hot
/// path knows of this.
class Page {
public:
    void counter(std::string const& name, std::string const& help, double value, Labels labels = {}) {
        auto& metric = add(name, help, MetricType::Counter, std::move(labels));
        metric.counter.value = value;
    }
    void gauge(std::string const& name, std::string const& help, double value, Labels labels = {}) {
        auto& metric = add(name, help, MetricType::Gauge, std::move(labels));
        metric.gauge.value = value;
    }
    ClientMetric::Histogram& histogram(std::string const& name, std::string const& help, Labels labels = {}) {
        return add(name, help, MetricType::Histogram, std::move(labels)).histogram;
    }
    [[nodiscard]] std::string text() const { return prometheus::TextSerializer{}.Serialize(families_); }

private:
    ClientMetric& add(std::string const& name, std::string const& help, MetricType type, Labels labels) {
        if (families_.empty() || families_.back().name != name) {
            families_.push_back({});
            families_.back().name = name;
            families_.back().help = help;
            families_.back().type = type;
        }
        auto& metrics = families_.back().metric;
        metrics.emplace_back();
        metrics.back().label = std::move(labels);
        return metrics.back();
    }

    std::vector<MetricFamily> families_;
};

double number(std::uint64_t value) {
    return static_cast<double>(value);
}

/// One series a shard, for a number that each shard has.
template <class Of>
void each_shard(
    Page& page, bool is_counter, std::string const& name, std::string const& help, std::size_t shards, Of of
) {
    for (std::size_t i = 0; i < shards; ++i) {
        Labels labels{{"shard", std::to_string(i)}};
        if (is_counter) {
            page.counter(name, help, of(i), std::move(labels));
        } else {
            page.gauge(name, help, of(i), std::move(labels));
        }
    }
}

void tell_process(Page& page, ProcessStats const& process, double uptime_seconds) {
    page.gauge("macp_build_info", "The version that runs.", 1, {{"version", std::string{core::version}}});
    page.gauge("macp_uptime_seconds", "Since the start.", uptime_seconds);
    page.counter("process_cpu_seconds_total", "User and system time.", process.cpu_seconds);
    page.gauge("process_resident_memory_bytes", "Resident memory.", number(process.rss_bytes));
    page.gauge("process_open_fds", "Open file descriptors.", number(process.open_files));
}

void tell_log(Page& page, events::EventLog& log) {
    auto const stats = log.stats();
    page.gauge("macp_log_first_seq", "Oldest event kept.", number(stats.oldest));
    page.gauge("macp_log_last_seq", "Newest event.", number(stats.last));
    page.gauge("macp_log_bytes", "Live bytes of the store.", number(stats.bytes));
    page.gauge("macp_log_row_bytes", "Of those, what rejects, answers and attempts take.", number(stats.row_bytes));
    page.counter("macp_log_commits_total", "Transactions.", number(stats.commits));
    page.counter("macp_log_events_total", "Events appended.", number(stats.appended));
    page.counter("macp_log_repeats_total", "Events dropped as repeats.", number(stats.repeats));
    page.counter(
        "macp_log_overruns_total", "Times that retention by bytes went past a reader that held the log.",
        number(stats.overruns)
    );
    page.gauge("macp_log_queue_bytes", "What waits for the writer.", number(stats.queue_bytes));
    page.gauge("macp_log_queue_limit_bytes", "What may wait for the writer.", number(stats.queue_limit_bytes));
    page.gauge("macp_log_healthy", "1 while the last transaction succeeded.", stats.fault ? 0 : 1);
    page.gauge("macp_tail_bytes", "Newest events held in memory.", number(log.tail().bytes()));
}

void tell_watcher(Page& page, ingest::WatcherStatus const& status) {
    for (auto const& file : status.files) {
        page.gauge("macp_watch_lag_bytes", "Bytes not read yet.", number(file.lag_bytes), {{"file", file.file}});
    }
    for (auto const& file : status.files) {
        page.counter("macp_watch_lines_total", "Lines read.", number(file.lines), {{"file", file.file}});
    }
    for (auto const& file : status.files) {
        page.counter("macp_watch_rejects_total", "Lines refused.", number(file.rejects), {{"file", file.file}});
    }
}

void tell_spool(Page& page, ingest::SpoolStatus const& status) {
    page.gauge("macp_spool_files", "Bodies that wait in the spool.", number(status.files));
    page.gauge("macp_spool_bytes", "Bytes that they take.", number(status.bytes));
    page.counter("macp_spool_taken_total", "Bodies taken out of the spool.", number(status.taken));
    page.counter("macp_spool_events_total", "Events of them, without repeats.", number(status.events));
    page.counter("macp_spool_set_aside_total", "Files in the spool that cannot be read.", number(status.set_aside));
}

void tell_rejects(Page& page, ingest::Rejects const& rejects) {
    for (auto const& [door, count] : rejects.counts()) {
        page.counter("macp_rejects_total", "Lines and bodies refused.", number(count), {{"door", door}});
    }
}

void tell_targets(Page& page, std::vector<delivery::TargetMetrics> const& targets) {
    using Metrics = delivery::TargetMetrics;
    auto const tell = [&](bool is_counter, std::string const& name, std::string const& help, auto value) {
        for (auto const& target : targets) {
            Labels labels{{"target", target.id}};
            if (is_counter) {
                page.counter(name, help, value(target), std::move(labels));
            } else {
                page.gauge(name, help, value(target), std::move(labels));
            }
        }
    };
    tell(true, "macp_delivery_events_total", "Events delivered.", [](Metrics const& t) { return number(t.delivered); });
    tell(true, "macp_delivery_attempts_total", "Tries, failed ones too.", [](Metrics const& t) {
        return number(t.attempts);
    });
    tell(true, "macp_delivery_failed_attempts_total", "Tries that failed.", [](Metrics const& t) {
        return number(t.failed_attempts);
    });
    tell(false, "macp_delivery_lag_events", "Events of the log after the target's cursor.", [](Metrics const& t) {
        return number(t.lag);
    });
    tell(false, "macp_delivery_in_flight", "Requests on their way.", [](Metrics const& t) {
        return number(t.in_flight);
    });
    tell(false, "macp_delivery_dead_letters", "Events given up for the target.", [](Metrics const& t) {
        return number(t.dead_letters);
    });
    tell(false, "macp_delivery_breaker_open", "1 while the target is only probed.", [](Metrics const& t) {
        return t.breaker == delivery::BreakerState::Closed ? 0 : 1;
    });
    for (auto const& target : targets) {
        page.gauge(
            "macp_delivery_state", "1 for the state that the target is in.", 1,
            {{"target", target.id}, {"state", std::string{delivery::to_text(target.state)}}}
        );
    }
}

void tell_http(Page& page, std::vector<http::Counters const*> const& all) {
    constexpr std::array<char const*, 6> classes{"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    auto const shards = all.size();
    each_shard(page, false, "macp_http_connections", "Connections open now.", shards, [&](auto i) {
        return number(all[i]->connections.get());
    });
    each_shard(page, true, "macp_http_connections_total", "Connections accepted.", shards, [&](auto i) {
        return number(all[i]->connections_total.get());
    });
    each_shard(page, true, "macp_http_refused_total", "Connections over the limit.", shards, [&](auto i) {
        return number(all[i]->refused.get());
    });
    each_shard(page, false, "macp_http_in_flight", "Requests being handled.", shards, [&](auto i) {
        return number(all[i]->in_flight.get());
    });
    each_shard(page, true, "macp_http_received_bytes_total", "Bytes received.", shards, [&](auto i) {
        return number(all[i]->bytes_in.get());
    });
    each_shard(page, true, "macp_http_sent_bytes_total", "Bytes sent.", shards, [&](auto i) {
        return number(all[i]->bytes_out.get());
    });
    for (std::size_t code = 1; code < classes.size(); ++code) {
        double sum = 0;
        for (auto const* const counters : all) sum += number(counters->by_class[code].get());
        page.counter("macp_http_requests_total", "Requests answered.", sum, {{"code", classes[code]}});
    }
    auto& histogram = page.histogram("macp_http_request_seconds", "From the whole request to the answer.");
    std::uint64_t cumulative = 0;
    double sum_seconds = 0;
    for (auto const* const counters : all) sum_seconds += number(counters->duration_us.get()) / 1e6;
    for (std::size_t i = 0; i <= http::Counters::bounds.size(); ++i) {
        for (auto const* const counters : all) cumulative += counters->durations[i].get();
        bool const last = i == http::Counters::bounds.size();
        histogram.bucket.push_back({
            .cumulative_count = cumulative,
            .upper_bound = last ? std::numeric_limits<double>::infinity()
                                : std::chrono::duration<double>(http::Counters::bounds[i]).count(),
        });
    }
    histogram.sample_count = cumulative;
    histogram.sample_sum = sum_seconds;
}

void tell_hubs(Page& page, std::vector<std::unique_ptr<ws::Hub>> const& hubs) {
    auto const tell = [&](bool is_counter, std::string const& name, std::string const& help, auto member) {
        each_shard(page, is_counter, name, help, hubs.size(), [&](auto i) {
            return number((hubs[i]->counters().*member).load());
        });
    };
    using Counters = ws::HubCounters;
    tell(false, "macp_subscribers", "Readers connected now.", &Counters::sessions);
    tell(true, "macp_subscribers_total", "Readers since the start.", &Counters::opened);
    tell(true, "macp_fanout_events_total", "Events passed on, once each.", &Counters::events);
    tell(true, "macp_fanout_flushes_total", "Batches passed on.", &Counters::flushes);
    tell(true, "macp_fanout_sends_total", "Sends to readers.", &Counters::sends);
    tell(true, "macp_fanout_sent_bytes_total", "Bytes sent to readers.", &Counters::bytes);
    tell(
        true, "macp_fanout_catch_up_pages_total", "Pages read from disk for readers that fell behind.",
        &Counters::catch_up_pages
    );
    tell(true, "macp_fanout_gaps_total", "Gaps told to readers.", &Counters::gaps);
    tell(false, "macp_fanout_last_seq", "Newest event passed on.", &Counters::processed);
}

void tell_loops(Page& page, std::vector<std::unique_ptr<async::Shard>> const& shards) {
    each_shard(
        page, true, "macp_loop_probes_total", "Probe ticks, 60 a second when the loop is free.", shards.size(),
        [&](auto i) { return number(shards[i]->health().probes.load()); }
    );
    each_shard(page, false, "macp_loop_lag_seconds", "How late the last probe ran.", shards.size(), [&](auto i) {
        return static_cast<double>(shards[i]->health().lag_us.load()) / 1e6;
    });
}

}  // namespace

std::string prometheus_text(Parts const& parts, ProcessStats const& process, double uptime_seconds) {
    Page page;
    tell_process(page, process, uptime_seconds);
    tell_log(page, parts.log);
    if (parts.watcher != nullptr) tell_watcher(page, parts.watcher->status());
    tell_spool(page, parts.spool.status());
    tell_rejects(page, parts.rejects);
    tell_targets(page, parts.targets.metrics());
    tell_http(page, parts.http.counters());
    tell_hubs(page, parts.hubs);
    tell_loops(page, parts.shards);
    page.gauge("macp_readers_jobs", "Reads of the log that wait or run.", number(parts.readers.depth()));
    return page.text();
}

}  // namespace macp::server
