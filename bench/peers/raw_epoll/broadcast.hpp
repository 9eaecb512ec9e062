#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace macp::bench {

/// Where a subscriber stands in the run of framed messages.
struct Cursor {
    int socket = -1;
    std::size_t next = 0;  ///< Offset of the first byte that has not been sent.
    bool blocked = false;  ///< The socket took no more; `resume` when it is writable.
};

/// One contiguous run of WebSocket frames, encoded once, and a cursor into it per subscriber.
/// What gathers between two flushes goes to a subscriber in one send: the least that a server can do.
class Broadcast {
public:
    /// Appends `message` as a text frame.
    void append(std::string_view message);

    /// A new subscriber sees only what is appended from now on. `cursor` must live until `remove`.
    void add(Cursor& cursor);
    void remove(Cursor& cursor);

    /// Sends each subscriber all that is new to it, as far as its socket takes it.
    void flush();

    /// The socket is writable again. Returns whether more is left to send.
    bool resume(Cursor& cursor);

private:
    bool send_rest(Cursor& cursor) const;

    std::string run_;
    std::size_t blocked_ = 0;
    std::vector<Cursor*> cursors_;
};

}  // namespace macp::bench
