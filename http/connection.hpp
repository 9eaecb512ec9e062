#pragma once

#include "async/timer_wheel.hpp"
#include "http/access.hpp"
#include "http/limits.hpp"
#include "http/router.hpp"
#include "http/tls.hpp"
#include "http/transport.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <string>
#include <utility>

namespace macp::http {

class Sessions;

/// What a connection gets from the listener that it came in by. Lifetime: all of it outlives the connection.
struct Door {
    Router const& router;
    Access const& access;
    Limits const& limits;
    TlsIdentity const* tls = nullptr;  ///< None: plain.
};

/// One accepted connection, from handshake to its end, whoever speaks on it: its transport, its one time-out and its
/// cancellation. Threads: its shard only.
class Connection final : public async::WheelTimer {
public:
    /// What the connection waits for, and so what happens when the time is up.
    enum class Wait {
        Peer,     ///< The connection is closed.
        Request,  ///< Reading ends with an error; `timed_out()` says why.
        Handler,  ///< The handler is cancelled.
    };

    Connection(Sessions& sessions, Door const& door, Socket socket, bool refused);

    /// The whole life. Errors: none; what is thrown is a bug.
    [[nodiscard]] async::Task<> run();

    /// Starts the clock anew; `cancel()` stops it.
    void wait_for(Wait what, Limits::Duration limit);
    [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }

    /// True while nothing would be lost by closing.
    void set_idle(bool idle) noexcept { idle_ = idle; }
    void close_if_idle() noexcept;

    /// The grace is over: ends whatever runs.
    void cancel_for_good();
    [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }

    [[nodiscard]] Transport& transport() noexcept { return *transport_; }
    [[nodiscard]] Sessions& sessions() noexcept { return sessions_; }
    [[nodiscard]] Door const& door() const noexcept { return door_; }
    [[nodiscard]] Ends const& ends() const noexcept { return ends_; }
    [[nodiscard]] boost::asio::cancellation_slot slot() noexcept { return signal_.slot(); }

private:
    void expired() override;

    Sessions& sessions_;
    Door const& door_;
    std::unique_ptr<Transport> transport_;  ///< None once it was taken over.
    Ends ends_;
    boost::asio::cancellation_signal signal_;
    Wait wait_ = Wait::Peer;
    bool refused_;
    bool idle_ = true;
    bool timed_out_ = false;
    bool cancelled_ = false;
};

}  // namespace macp::http
