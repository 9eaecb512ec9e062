#pragma once

#include "async/shard.hpp"
#include "http/access.hpp"
#include "http/server.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace macp::testing {

/// One answer as it came over the wire.
struct Answer {
    unsigned status = 0;
    std::string head{};  ///< With the empty line.
    std::string body{};  ///< Chunks put together.

    /// The value of the first header of that name (any case); nothing when there is none.
    [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
};

/// A blocking TCP client that knows no HTTP library. Reads that take 20 s fail.
class RawClient {
public:
    explicit RawClient(unsigned short port);
    RawClient(RawClient&& other) noexcept;
    RawClient(RawClient const&) = delete;
    RawClient& operator=(RawClient const&) = delete;
    RawClient& operator=(RawClient&&) = delete;
    ~RawClient();

    void send(std::string_view bytes) const;
    /// Our side is done; theirs may still speak.
    void finish_sending() const;
    /// Reads one answer. `has_body`: false for the answer to HEAD. Throws when the peer closes before its end.
    [[nodiscard]] Answer read(bool has_body = true);
    /// Everything until the peer closes.
    [[nodiscard]] std::string read_to_end();
    /// True when the peer closes without another byte.
    [[nodiscard]] bool is_closed() { return read_to_end().empty(); }
    /// True when the last read ended with a reset.
    [[nodiscard]] bool was_reset() const noexcept { return was_reset_; }
    [[nodiscard]] std::string read_bytes(std::size_t count);

    [[nodiscard]] Answer ask(std::string_view request, bool has_body = true) {
        send(request);
        return read(has_body);
    }

private:
    bool fill();
    [[nodiscard]] std::string read_line();

    int socket_;
    bool was_reset_ = false;
    std::string buffer_;
};

/// All limits an hour or a gigabyte away.
[[nodiscard]] http::Limits generous_limits();

/// A running server on a free loopback port.
class TestServer {
public:
    explicit TestServer(
        std::vector<http::Route> routes, http::Limits limits = generous_limits(), http::Access::Policy policy = {},
        std::size_t shards = 1, std::optional<http::TlsFiles> tls = std::nullopt
    );
    TestServer(TestServer const&) = delete;
    TestServer& operator=(TestServer const&) = delete;
    ~TestServer();

    [[nodiscard]] unsigned short port() const { return port_; }
    [[nodiscard]] RawClient connect() const { return RawClient{port_}; }
    [[nodiscard]] http::HttpServer& server() { return server_; }
    [[nodiscard]] http::Access& access() { return access_; }
    [[nodiscard]] async::Shard& shard(std::size_t index = 0) { return *shards_[index]; }
    [[nodiscard]] http::Counters const& counters() { return *server_.counters().front(); }

    /// Drains with this grace, once; the destructor does it otherwise.
    void drain(std::chrono::milliseconds grace);

private:
    boost::asio::io_context main_loop_{1};  ///< Of the thread that drains; outlives the shards.
    std::vector<std::unique_ptr<async::Shard>> shards_;
    http::Access access_;
    http::Router router_;
    http::HttpServer server_;
    unsigned short port_ = 0;
    bool drained_ = false;
};

/// A route whose handler answers at once with what `make` makes.
[[nodiscard]] http::Route route(
    std::string_view method, std::string_view pattern, std::function<core::Result<http::Response>(http::Request)> make,
    http::BodyLimit body = {}
);

/// `GET path` with a Host and nothing else.
[[nodiscard]] std::string get(std::string_view path, std::string_view more_headers = {});
[[nodiscard]] std::string post(std::string_view path, std::string_view body);

}  // namespace macp::testing
