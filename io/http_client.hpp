#pragma once

#include "async/task.hpp"
#include "core/result.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace macp::io {

class AddressGuard;

using Headers = std::vector<std::pair<std::string, std::string>>;

/// Takes a body piece by piece; a failure breaks the exchange off and becomes its result.
using BodySink = std::function<core::Result<void>(std::string_view piece)>;

/// Longest time for each phase of an exchange, and for all of it (0: no bound on the whole).
struct HttpTimeouts {
    std::chrono::milliseconds connect{5'000};    ///< Name look-up and TCP.
    std::chrono::milliseconds handshake{5'000};  ///< TLS.
    std::chrono::milliseconds send{30'000};      ///< The whole request.
    std::chrono::milliseconds answer{30'000};    ///< From the request's last byte to the end of the answer's header.
    std::chrono::milliseconds idle{30'000};      ///< Between two pieces of the body.
    std::chrono::milliseconds total{60'000};
};

/// Errors: InvalidField with the header's name, for one that would break out of its line.
[[nodiscard]] core::Result<void> check_headers(Headers const& headers);

struct HttpRequest {
    std::string method{"GET"};
    std::string url{};  ///< Absolute: http or https.
    Headers headers{};  ///< Beside Host, User-Agent, Content-Length and Connection.
    std::string body{};
    bool repeatable = false;  ///< Sending it twice does no harm, whatever the method (it carries an idempotency key).
    std::optional<HttpTimeouts> timeouts{};  ///< Instead of the client's.
    BodySink sink{};  ///< Gets the body of a 2xx answer, without a limit; `HttpResponse::body` stays empty.
    /// Keep only so many bytes of the answer's body; an answer over `response_bytes` is then cut off, not an error.
    std::optional<std::size_t> body_head{};
};

struct HttpResponse {
    unsigned status = 0;
    Headers headers{};  ///< Names in lower case, in order.
    std::string body{};
    std::string peer{};  ///< Address and port that answered.

    /// The first value, or nothing; `name` in lower case.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

struct HttpClientOptions {
    std::string user_agent{"macp"};
    std::string ca_file{};                        ///< Trusted authorities (PEM); empty: the system's.
    bool verify = true;                           ///< False accepts any certificate: for tests only.
    std::string client_certificate_file{};        ///< Chain (PEM) shown to servers that ask for one; empty: none.
    std::string client_key_file{};                ///< Its private key (PEM); both or neither.
    std::shared_ptr<AddressGuard const> guard{};  ///< Checks every address before it is connected to; null: none.
    HttpTimeouts timeouts{};
    std::size_t header_bytes = std::size_t{64} << 10;    ///< Largest header of an answer.
    std::size_t response_bytes = std::size_t{16} << 20;  ///< Largest body kept in memory.
    std::size_t idle_connections = 8;                    ///< Kept open for later, over all hosts.
    std::size_t host_connections = 0;                    ///< In use at once to one host, others wait; 0: no bound.
    std::chrono::milliseconds keep_idle{15'000};         ///< Less than a server's usual idle time-out.
};

/// HTTP/1.1 with kept-alive connections. Follows no redirect: a 3xx is an answer like any other.
///
/// Threads: use from the loop's thread only; any number of requests may be in flight.
/// Lifetime: must outlive its requests. Cancellation: terminal; the connection is dropped.
class HttpClient {
public:
    explicit HttpClient(async::Executor executor, HttpClientOptions options = {});
    HttpClient(HttpClient const&) = delete;
    HttpClient& operator=(HttpClient const&) = delete;
    ~HttpClient();

    /// Sends the request and reads its answer; any status is a success here. A safe, idempotent or `repeatable` request
    /// whose kept-alive connection turns out to be gone is sent once more on a new one.
    /// Errors: InvalidField (URL, header, CA file, client certificate); Forbidden (the guard's rule); Unavailable (no
    /// connection, or broken); Timeout; TooLarge; the sink's own.
    [[nodiscard]] async::Task<core::Result<HttpResponse>> request(HttpRequest request);

    /// Connections that wait to be used again.
    [[nodiscard]] std::size_t idle() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace macp::io
