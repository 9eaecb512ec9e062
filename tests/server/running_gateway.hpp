#pragma once

#include "client/client.hpp"
#include "client/subscription.hpp"
#include "server/gateway.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

namespace macp::testing {

/// A gateway in this process, in a folder of its own, on a free port.
class RunningGateway {
public:
    using Change = std::function<void(core::Config&)>;

    explicit RunningGateway(Change change = {}) : change_{std::move(change)} { start(); }

    void start() {
        // Made here, before the threads that use it: its library is not instrumented, and TSan would take it for a
        // race.
        static_cast<void>(spdlog::default_logger_raw());
        core::LoadedConfig loaded;
        loaded.config.root = dir_.path();
        loaded.config.listen = "127.0.0.1:0";
        loaded.config.threads = 2;
        loaded.config.watch.poll_interval_seconds = 0.05;
        loaded.config.log.synchronous = "normal";
        if (change_) change_(loaded.config);
        loaded.sources.working_dir = dir_.path();
        auto started = server::Gateway::start(std::move(loaded));
        REQUIRE_MESSAGE(started, (started ? "" : started.error().message));
        gateway_ = *std::move(started);
    }

    void stop() {
        gateway_->drain();
        gateway_.reset();
    }

    [[nodiscard]] server::Gateway& operator*() { return *gateway_; }
    [[nodiscard]] std::string url() const { return "http://" + gateway_->address(); }
    [[nodiscard]] client::Client client(std::string token = {}) const {
        return client::Client{client::ClientOptions{.url = url(), .token = std::move(token), .retry = {.tries = 1}}};
    }
    [[nodiscard]] client::SubscriptionOptions subscription(std::string since) const {
        return {.url = url(), .since = std::move(since)};
    }
    [[nodiscard]] std::filesystem::path const& root() const { return dir_.path(); }

    void append_line(std::string const& line) {
        auto const file = dir_.path() / ".mosaic/orchestrator/events.ndjson";
        std::filesystem::create_directories(file.parent_path());
        std::ofstream{file, std::ios::app} << line << '\n';
    }

private:
    TempDir dir_;
    Change change_;
    std::unique_ptr<server::Gateway> gateway_;
};

}  // namespace macp::testing
