#pragma once

#include "http/connection.hpp"
#include "http/outbox.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace macp::http {

/// Bytes of one connection on their way in and out: what was read and not yet parsed, what was answered and not yet
/// sent. Threads: the shard only.
class Wire {
public:
    explicit Wire(Connection& connection) : connection_{connection} {}

    /// Reads more, at least one byte. False: the peer is gone, or a time-out or the drain ended it.
    [[nodiscard]] async::Task<bool> fill();

    /// The peer is idle: a large buffer, of a bulk body, is not kept for it.
    void let_go();

    /// Sends all answers; each piece must go within the idle time-out. False: the peer is gone.
    [[nodiscard]] async::Task<bool> flush();

    /// Says goodbye; with `linger` it reads a while longer, since closing over unread bytes could cost the peer the
    /// answer.
    [[nodiscard]] async::Task<> finish(bool linger);

    [[nodiscard]] std::string_view unread() const noexcept { return {in_.data() + begin_, end_ - begin_}; }
    void consume(std::size_t bytes) noexcept { begin_ += bytes; }
    [[nodiscard]] Outbox& out() noexcept { return out_; }

private:
    void make_room();

    Connection& connection_;
    std::vector<char> in_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool much_comes_ = false;  ///< The last read filled all the room.
    Outbox out_;
};

}  // namespace macp::http
