#pragma once

#include "async/task.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace macp::async {
class Shard;
}

namespace macp::http {

class Transport;

/// What a token may do; a set of bits.
enum class Scope : std::uint8_t { None = 0, Read = 1, Ingest = 2, Control = 4, Admin = 8 };

[[nodiscard]] constexpr Scope operator|(Scope a, Scope b) {
    return static_cast<Scope>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
/// True when `held` has everything that `needed` asks for; Admin has everything.
[[nodiscard]] constexpr bool allows(Scope held, Scope needed) {
    auto const bits = static_cast<unsigned>(held);
    return (bits & static_cast<unsigned>(Scope::Admin)) != 0 ||
           (bits & static_cast<unsigned>(needed)) == static_cast<unsigned>(needed);
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// A request as handlers see it: no Beast, no socket.
struct Request {
    std::string method{};
    std::string path{};  ///< As sent, without the query; parameters in it are decoded into `params`.
    Pairs query{};       ///< Decoded, in order; a name may come more than once.
    Pairs headers{};     ///< Names in lower case, in order.
    Pairs params{};      ///< Captures of the route pattern, decoded.
    std::string body{};
    std::string id{};               ///< Names this request in answers and logs.
    std::string remote{};           ///< The peer's address, `127.0.0.1:5123`.
    Scope scopes = Scope::None;     ///< What the caller may do.
    std::string caller{};           ///< Names the token in logs (never the token itself); empty when none was needed.
    async::Shard* shard = nullptr;  ///< The loop that the request lives on.

    /// The first value, or nothing. `name` of a header in lower case.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
    [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;  ///< Of the query.
    [[nodiscard]] std::string_view param(std::string_view name) const;                     ///< Of the path.
};

/// Hands out a body piece by piece: an empty piece ends it, an error breaks the connection off.
using BodySource = std::function<async::Task<core::Result<std::string>>()>;

/// Takes the connection over after the request (WebSocket, SSE). `leftover`: bytes the peer has sent already.
/// With status 101 it sends the head, too; with any other the head has been sent, and says that the connection closes.
/// The coroutine owns the transport; the HTTP session is over.
using Takeover = std::function<async::Task<>(std::unique_ptr<Transport> transport, std::string leftover)>;

struct Response {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body{};
    Pairs headers{};      ///< Beyond content type, length, date, connection and request id.
    BodySource stream{};  ///< When set: sent chunked instead of `body`.
    Takeover takeover{};  ///< When set: the taker speaks from here.
    /// Bytes shared between connections, instead of `body` (specs, pages): nothing is copied.
    std::shared_ptr<std::string const> shared{};
};

using Handler = std::function<async::Task<core::Result<Response>>(Request)>;

/// How large a body a route takes; the sizes are configured.
enum class BodyLimit : std::uint8_t { None, Control, Bulk };

/// One line of the route table. A pattern is a path with `{name}` parts that match one segment.
/// `operation_id` is the one in openapi/; a test compares the two.
struct Route {
    std::string_view method{};
    std::string_view pattern{};
    std::string_view operation_id{};
    Scope scope = Scope::Read;
    BodyLimit body = BodyLimit::None;
    Handler handler{};
    bool long_poll = false;  ///< Holds on purpose: the request time-out does not apply.
};

/// 200 with JSON text.
[[nodiscard]] inline Response json_response(std::string body, unsigned status = 200) {
    return Response{.status = status, .body = std::move(body)};
}

}  // namespace macp::http
