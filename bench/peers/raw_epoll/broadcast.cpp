#include "bench/peers/raw_epoll/broadcast.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstdint>

namespace macp::bench {

void Broadcast::append(std::string_view message) {
    auto const push = [this](std::uint64_t value) { run_.push_back(static_cast<char>(value)); };
    push(0x81);
    if (message.size() < 126) {
        push(message.size());
    } else if (message.size() < 65'536) {
        push(126);
        push(message.size() >> 8U);
        push(message.size());
    } else {
        push(127);
        for (unsigned shift = 64; shift > 0;) push(std::uint64_t{message.size()} >> (shift -= 8));
    }
    run_.append(message);
}

void Broadcast::add(Cursor& cursor) {
    cursor.next = run_.size();
    cursors_.push_back(&cursor);
}

void Broadcast::remove(Cursor& cursor) {
    if (cursor.blocked) --blocked_;
    std::erase(cursors_, &cursor);
}

void Broadcast::flush() {
    if (run_.empty()) return;
    for (auto* const cursor : cursors_) {
        if (!cursor->blocked && !send_rest(*cursor)) {
            cursor->blocked = true;
            ++blocked_;
        }
    }
    if (blocked_ > 0) return;
    run_.clear();
    for (auto* const cursor : cursors_) cursor->next = 0;
}

bool Broadcast::resume(Cursor& cursor) {
    if (!cursor.blocked || !send_rest(cursor)) return cursor.blocked;
    cursor.blocked = false;
    --blocked_;
    return false;
}

bool Broadcast::send_rest(Cursor& cursor) const {
    if (cursor.next == run_.size()) return true;
    auto const sent = send(cursor.socket, run_.data() + cursor.next, run_.size() - cursor.next, MSG_NOSIGNAL);
    if (sent > 0) cursor.next += static_cast<std::size_t>(sent);
    return cursor.next == run_.size();
}

}  // namespace macp::bench
