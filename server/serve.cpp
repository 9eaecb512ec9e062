#include "server/serve.hpp"

#include "core/json.hpp"
#include "core/version.hpp"
#include "server/gateway.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <malloc.h>
#include <memory>

namespace macp::server {
namespace {

/// A message as a JSON string, for the pattern of JSON lines.
class JsonMessage final : public spdlog::custom_flag_formatter {
public:
    void format(spdlog::details::log_msg const& message, std::tm const& /*time*/, spdlog::memory_buf_t& out) override {
        auto const text = core::json_string({message.payload.data(), message.payload.size()});
        out.append(text.data(), text.data() + text.size());
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<JsonMessage>();
    }
};

/// Logs go to the error output: the output belongs to whoever asked for something.
void start_logging(core::Config::LogOutput const& config) {
    auto logger = std::make_shared<spdlog::logger>("macp", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    if (config.format == "json") {
        auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
        formatter->add_flag<JsonMessage>('*').set_pattern(
            R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%*})"
        );
        logger->set_formatter(std::move(formatter));
    } else {
        logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ %v", spdlog::pattern_time_type::utc);
    }
    spdlog::set_default_logger(std::move(logger));
    spdlog::set_level(spdlog::level::from_str(config.level));
}

/// Signals are taken by this thread alone, one at a time: no handler runs in the middle of anything.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (int const signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): cannot fail
    return signals;
}

/// Large blocks (chunks of the log, batches of lines) are made on one thread and freed on another: given back to the
/// system at once. From the heap, catching up on a large file kept 30 MB more.
void give_large_blocks_back() {
    mallopt(M_MMAP_THRESHOLD, 256 << 10);  // NOLINT(concurrency-mt-unsafe): before there are threads
}

void reload(Gateway& gateway) {
    if (auto const reloaded = gateway.reload(); !reloaded) {
        spdlog::error("the configuration stays as it was: {}", reloaded.error().message);
    } else {
        spdlog::info("the configuration has been read again");
    }
}

}  // namespace

int serve(core::LoadedConfig const& config) {
    give_large_blocks_back();
    start_logging(config.config.logging);
    auto const signals = block_signals();  // before any thread is made: they inherit it
    auto gateway = Gateway::start(config);
    if (!gateway) {
        spdlog::critical("cannot start: {}", gateway.error().message);
        return 1;
    }
    auto const* const scheme = config.config.tls.certificate_file.empty() ? "http" : "https";
    spdlog::info(
        "macp {} serves {}://{} (log {})", core::version, scheme, (*gateway)->address(), (*gateway)->log().epoch()
    );
    if (!(*gateway)->ws_address().empty()) spdlog::info("WebSocket alone at {}", (*gateway)->ws_address());

    for (int signal = 0; sigwait(&signals, &signal) == 0 && signal == SIGHUP;) reload(**gateway);
    spdlog::info("stopping");
    (*gateway)->drain();
    spdlog::info("stopped");
    return 0;
}

}  // namespace macp::server
