#pragma once

#include "bench/net/loop.hpp"
#include "bench/peers/raw_epoll/broadcast.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace macp::bench {

class Connection;

/// Accepts connections and owns them.
class Server final : public Handler {
public:
    explicit Server(Address const& address);

    /// Accepts whoever waits.
    void on_ready(std::uint32_t events) override;

    /// Serves until the process is ended.
    [[noreturn]] void run();

    /// Gives the connection up; it lives until the end of this turn.
    void retire(Connection& connection);

    Loop& loop() { return loop_; }
    Broadcast& broadcast() { return broadcast_; }

private:
    Loop loop_;
    Broadcast broadcast_;
    Fd listener_;
    std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
    std::vector<std::unique_ptr<Connection>> retired_;
};

/// One connection: `POST` publishes the lines of its body, `GET` with a WebSocket key subscribes.
class Connection final : public Handler {
public:
    Connection(Server& server, Fd socket);
    ~Connection() override;

    void on_ready(std::uint32_t events) override;

private:
    std::size_t serve_request(std::string_view text);
    void upgrade(std::string_view key);
    void reply(std::string_view text) const;

    Server& server_;
    Fd socket_;
    std::string in_;
    Cursor cursor_;
    bool subscribed_ = false;
};

}  // namespace macp::bench
