#pragma once

#include "cli/server_options.hpp"
#include "core/result.hpp"
#include "ingest/spool_file.hpp"

#include <chrono>

namespace macp::cli {

/// How long a command takes that an agent waits for, in all: those who run hooks give them little more than a second.
inline constexpr std::chrono::milliseconds agent_patience{700};

/// A time that is shared out among all that a command waits for.
class Budget {
public:
    explicit Budget(std::chrono::milliseconds whole) : end_{std::chrono::steady_clock::now() + whole} {}

    /// What is left of it; never nothing, which to some means no bound.
    [[nodiscard]] std::chrono::milliseconds left() const;

private:
    std::chrono::steady_clock::time_point end_;
};

/// A client whose calls end with the budget, and are tried once. It is never destroyed: that would wait for a look-up
/// of a name which has been given up. Errors: those of `client_options`.
[[nodiscard]] core::Result<client::Client*> hurried_client(ServerOptions const& options, Budget const& budget);

/// What is left to do when a body could not be handed over. Unless the gateway refused it for good, it goes into the
/// spool of the workspace: `root` of the configuration, else the nearest folder above that has `.mosaic/orchestrator`,
/// else this one. Tells of both on standard error. Returns the exit code: `Done` when `best_effort`.
[[nodiscard]] int leave_for_later(
    ServerOptions const& options, ingest::SpooledBody const& body, core::Error const& error, bool best_effort
);

}  // namespace macp::cli
