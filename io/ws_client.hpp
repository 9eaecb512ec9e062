#pragma once

#include "async/task.hpp"
#include "core/result.hpp"
#include "io/http_client.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace macp::io {

struct WsOptions {
    std::string url{};           ///< ws, wss, http or https, with path and query.
    Headers headers{};           ///< More headers of the upgrade request.
    std::string subprotocols{};  ///< As in `Sec-WebSocket-Protocol`; empty: none is asked for.
    std::string user_agent{"macp"};
    std::string ca_file{};                              ///< Trusted authorities (PEM); empty: the system's.
    bool verify = true;                                 ///< False accepts any certificate: for tests only.
    std::chrono::milliseconds connect{5'000};           ///< Name look-up and TCP.
    std::chrono::milliseconds handshake{5'000};         ///< TLS, and again the upgrade.
    std::chrono::milliseconds send{30'000};             ///< One message.
    std::chrono::milliseconds idle{75'000};             ///< The peer may send no byte, not even a ping, for so long.
    std::size_t message_bytes = std::size_t{64} << 20;  ///< Largest message from the peer.
};

class WsClient;

/// What the upgrade came to: a connection, or the answer that refused it.
struct WsOpening {
    std::unique_ptr<WsClient> socket{};  ///< Null: refused.
    HttpResponse refusal{};
};

/// A WebSocket to a server. Pings are answered while a read is pending.
///
/// Threads: its loop's thread only. One read and one of send and close may be in flight at once.
/// Cancellation: terminal; the connection is of no use afterwards.
class WsClient {
public:
    /// Errors: InvalidField (URL or CA file); Unavailable (no connection); Timeout (no answer to the upgrade).
    [[nodiscard]] static async::Task<core::Result<WsOpening>> open(async::Executor executor, WsOptions options);

    WsClient(WsClient const&) = delete;
    WsClient& operator=(WsClient const&) = delete;
    ~WsClient();

    /// The next whole message. Errors: Timeout (silent for `idle`); TooLarge; Unavailable (closed, see `close_code`).
    [[nodiscard]] async::Task<core::Result<std::string>> read();
    /// Sends a text message. Errors: Unavailable, Timeout.
    [[nodiscard]] async::Task<core::Result<void>> send(std::string text);
    /// Says goodbye and waits up to `limit` for the peer's; then the connection is gone.
    [[nodiscard]] async::Task<> close(std::uint16_t code, std::string reason, std::chrono::milliseconds limit);
    /// Drops the connection; a pending read ends with an error. Idempotent.
    void abort() noexcept;

    /// Tightens or loosens `WsOptions::idle`, from the next read on.
    void set_idle(std::chrono::milliseconds idle) noexcept;
    /// Why the peer closed: its code, 1005 when it gave none, 1006 when it just vanished; 0 while it has not.
    [[nodiscard]] std::uint16_t close_code() const noexcept;
    [[nodiscard]] std::string close_reason() const;
    /// The sub-protocol that the server chose; may be empty.
    [[nodiscard]] std::string const& subprotocol() const noexcept;

private:
    struct Impl;
    explicit WsClient(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace macp::io
