#include "bench/load/http_load.hpp"

#include "bench/load/cpu_clock.hpp"
#include "bench/load/event_line.hpp"
#include "bench/load/http_peer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace macp::bench {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t answer_guard_ns = 20 * second_ns;

class HttpLoad {
public:
    explicit HttpLoad(HttpLoadOptions const& options)
        : options_{options}, line_{std::max(options.line_bytes, std::size_t{110})} {
        for (std::size_t i = 0; i < options.connections; ++i)
            peers_.push_back(std::make_unique<HttpPeer>(loop_, options.address, tally_));
    }

    /// Sends for so long, then waits for the answers.
    void run(double seconds) {
        auto const begin = now_ns();
        auto const end = begin + static_cast<std::int64_t>(seconds * static_cast<double>(second_ns));
        due_ = begin;
        for (auto now = begin; now < end; now = now_ns()) {
            if (options_.rate > 0) {
                send_due(now);
                loop_.turn(std::chrono::nanoseconds{std::min(due_, end) - now_ns()});
            } else {
                refill(now);
                loop_.turn(std::chrono::milliseconds{20});
            }
        }
        while (outstanding() > 0) {
            if (now_ns() > end + answer_guard_ns) throw std::runtime_error{"the server left requests unanswered"};
            loop_.turn(std::chrono::milliseconds{20});
        }
    }

    HttpTally& tally() { return tally_; }

private:
    void refill(std::int64_t now) {
        for (auto const& peer : peers_) {
            // A pipelined batch goes out as one write once the one before is answered.
            if (peer->outstanding() > 0) continue;
            for (std::size_t i = 0; i < options_.pipeline; ++i) send(*peer, now);
            peer->flush();
        }
    }

    void send_due(std::int64_t now) {
        while (due_ <= now) {
            auto const idle = std::ranges::find_if(peers_, [](auto const& peer) { return peer->outstanding() == 0; });
            if (idle == peers_.end()) return;
            send(**idle, due_);
            (*idle)->flush();
            due_ += static_cast<std::int64_t>(static_cast<double>(second_ns) / options_.rate);
        }
    }

    void send(HttpPeer& peer, std::int64_t due) {
        if (options_.post_lines == 0) {
            peer.get(options_.path, due);
            return;
        }
        body_.clear();
        for (std::size_t i = 0; i < options_.post_lines; ++i) line_.append(body_, number_++, due);
        peer.post(options_.path, body_, due);
    }

    [[nodiscard]] std::size_t outstanding() const {
        std::size_t sum = 0;
        for (auto const& peer : peers_) sum += peer->outstanding();
        return sum;
    }

    HttpLoadOptions const& options_;
    Loop loop_;
    HttpTally tally_;
    std::vector<std::unique_ptr<HttpPeer>> peers_;
    EventLine line_;
    std::string body_;
    std::uint64_t number_ = 0;
    std::int64_t due_ = 0;
};

}  // namespace

nlohmann::ordered_json run_http_load(HttpLoadOptions const& options) {
    HttpLoad load{options};
    load.run(options.warmup_seconds);
    load.tally() = HttpTally{};

    CpuClock const cpu{options.server_pids};
    auto const cpu_before = cpu.seconds();
    auto const begin = now_ns();
    load.run(options.seconds);
    auto const seconds = static_cast<double>(now_ns() - begin) / static_cast<double>(second_ns);
    auto const cpu_seconds = cpu.seconds() - cpu_before;

    auto const& tally = load.tally();
    auto const responses = static_cast<double>(tally.responses);
    auto const lines = responses * static_cast<double>(options.post_lines);
    return {
        {"connections", options.connections},
        {"pipeline", options.pipeline},
        {"responses", tally.responses},
        {"refusals", tally.refusals},
        {"last_refusal", tally.last_refusal},
        {"seconds", seconds},
        {"responses_per_second", responses / seconds},
        {"lines_per_second", lines / seconds},
        {"server_cpu_seconds", cpu_seconds},
        {"cpu_us_per_response", cpu_seconds * 1e6 / std::max(responses, 1.0)},
        {"cpu_us_per_line", lines > 0 ? cpu_seconds * 1e6 / lines : 0.0},
        {"latency_us", tally.latency.summary()}
    };
}

}  // namespace macp::bench
