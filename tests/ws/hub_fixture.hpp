#pragma once

#include "async/shard.hpp"
#include "async/worker_pool.hpp"
#include "events/log_fixture.hpp"
#include "ws/hub.hpp"
#include "ws/hub_peer.hpp"
#include "ws/session.hpp"

#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace macp::testing {

/// A hub over a real log and a shard whose loop runs only when the test lets it: everything happens in the open.
class HubFixture {
public:
    struct Setup {
        core::Config::Ws ws{};
        events::SqliteOptions& log;
    };

    explicit HubFixture(std::function<void(Setup&)> const& change = {});
    HubFixture(HubFixture const&) = delete;
    HubFixture& operator=(HubFixture const&) = delete;
    /// Ends every session; fails the test when one stays.
    ~HubFixture();

    /// `buffer_bytes`: of the kernel, in either direction; 0: as it likes. `leftover`: what came with the request.
    [[nodiscard]] HubPeer connect(
        ws::Format format = ws::Format::Macp, std::optional<ws::Subscribe> opening = std::nullopt, int buffer_bytes = 0,
        std::string leftover = {}, std::string caller = {}
    );

    [[nodiscard]] ws::Hub& hub() noexcept { return *hub_; }
    [[nodiscard]] events::SqliteLog& log() noexcept { return *log_.log; }
    [[nodiscard]] LogFixture& log_fixture() noexcept { return log_; }
    [[nodiscard]] async::Shard& shard() noexcept { return shard_; }

    /// Makes events durable: one commit, numbered on; the shard is woken, but does not run yet.
    void commit(int count, std::string const& type = "a", std::size_t data_bytes = 10);
    void commit(std::vector<core::NewEvent> events);
    /// Runs the shard for as long as it has something to do at once.
    void turn();
    /// Runs the shard until that is so; fails the test after 20 s.
    void run_until(std::function<bool()> const& happened);
    /// Commits and waits until the shard has passed it on.
    void pass_on(int count, std::string const& type = "a", std::size_t data_bytes = 10);

    /// Keeps page reads of the log waiting until it is destroyed.
    class Held;
    [[nodiscard]] std::unique_ptr<Held> hold_readers();

    int telemetry_calls = 0;     ///< Documents asked for by sessions.
    std::string revoked = "\n";  ///< The caller whose token is no longer good.

private:
    LogFixture log_{};
    async::Shard shard_{0};
    async::WorkerPool readers_{"pages", 1};
    std::optional<ws::Seats> seats_;
    std::unique_ptr<ws::Hub> hub_;
    int next_ = 1;
};

class HubFixture::Held {
public:
    explicit Held(HubFixture& fixture);
    Held(Held const&) = delete;
    Held& operator=(Held const&) = delete;
    ~Held() { open_.set_value(); }

private:
    std::promise<void> open_;
};

/// Kernel buffers that a few events fill.
inline constexpr int small_buffers = 32 << 10;

/// `first` … `last`, as a reader that missed nothing sees them.
[[nodiscard]] std::vector<core::Seq> every(core::Seq first, core::Seq last);

/// Bytes of the heap in use, of all threads.
[[nodiscard]] std::size_t heap_bytes();

[[nodiscard]] ws::Subscribe since_start(core::Filter filter = {});

}  // namespace macp::testing
