#include "ws/sender.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <liburing.h>
#include <system_error>

namespace macp::ws {
namespace {

constexpr unsigned batch_size = 256;
constexpr int send_flags = MSG_DONTWAIT | MSG_NOSIGNAL;

msghdr message_of(std::vector<iovec>& pieces) {
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    return message;
}

}  // namespace

struct Sender::Uring {
    io_uring ring{};
    std::array<msghdr, batch_size> messages{};
    bool ready = false;

    Uring() = default;
    Uring(Uring const&) = delete;
    Uring& operator=(Uring const&) = delete;
    ~Uring() {
        if (ready) io_uring_queue_exit(&ring);
    }
};

Sender::Sender(bool io_uring) {
    if (!io_uring) return;
    auto ring = std::make_unique<Uring>();
    if (int const error = io_uring_queue_init(batch_size, &ring->ring, 0); error != 0) {
        spdlog::info("io_uring is not to be had ({}); sending with sendmsg", std::generic_category().message(-error));
        return;
    }
    ring->ready = true;
    ring_ = std::move(ring);
    outcomes_.reserve(batch_size);
}

Sender::~Sender() = default;

long Sender::send_now(int fd, std::vector<iovec>& pieces) {
    auto const message = message_of(pieces);
    auto const sent = ::sendmsg(fd, &message, send_flags);
    return sent < 0 ? -errno : sent;
}

bool Sender::full() const noexcept {
    return outcomes_.size() == batch_size && !flushed_;
}

void Sender::add(int fd, void* owner, Outgoing& outgoing) {
    if (flushed_) {
        outcomes_.clear();
        flushed_ = false;
    }
    auto const index = outcomes_.size();
    outcomes_.push_back({.fd = fd, .owner = owner, .sent = -EAGAIN});
    auto* const entry = io_uring_get_sqe(&ring_->ring);
    if (outgoing.pieces().size() == 1) {
        auto const& piece = outgoing.pieces().front();
        io_uring_prep_send(entry, fd, piece.iov_base, piece.iov_len, send_flags);
    } else {
        ring_->messages[index] = message_of(outgoing.pieces());
        io_uring_prep_sendmsg(entry, fd, &ring_->messages[index], send_flags);
    }
    io_uring_sqe_set_data64(entry, index);
}

std::vector<Sender::Outcome>& Sender::flush() {
    if (flushed_) outcomes_.clear();
    flushed_ = true;
    if (outcomes_.empty()) return outcomes_;
    auto const count = static_cast<unsigned>(outcomes_.size());
    for (unsigned submitted = 0; submitted < count;) {
        int const taken = io_uring_submit_and_wait(&ring_->ring, count - submitted);
        if (taken > 0) submitted += static_cast<unsigned>(taken);
    }
    for (unsigned seen = 0; seen < count;) {
        io_uring_cqe* done = nullptr;
        if (io_uring_wait_cqe(&ring_->ring, &done) != 0) continue;  // EINTR
        outcomes_[static_cast<std::size_t>(done->user_data)].sent = done->res;
        io_uring_cqe_seen(&ring_->ring, done);
        ++seen;
    }
    return outcomes_;
}

}  // namespace macp::ws
