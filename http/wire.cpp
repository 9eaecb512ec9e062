#include "http/wire.hpp"

#include "http/sessions.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace macp::http {
namespace {

constexpr std::size_t first_room = std::size_t{4} << 10;
constexpr std::size_t bulk_room = std::size_t{64} << 10;
constexpr std::size_t least_room = std::size_t{1} << 10;
constexpr std::size_t send_bytes = std::size_t{256} << 10;  ///< A piece that has the idle time-out for itself.
constexpr std::chrono::seconds longest_linger{2};

}  // namespace

void Wire::make_room() {
    if (begin_ == end_) begin_ = end_ = 0;
    auto const wanted = much_comes_ ? bulk_room : least_room;
    if (in_.size() - end_ >= wanted) return;
    std::copy(in_.data() + begin_, in_.data() + end_, in_.data());
    end_ -= begin_;
    begin_ = 0;
    if (in_.size() - end_ < wanted) in_.resize(std::max({first_room, in_.size() * 2, end_ + wanted}));
}

void Wire::let_go() {
    if (begin_ != end_ || in_.size() <= first_room) return;
    in_ = {};
    much_comes_ = false;
}

async::Task<bool> Wire::fill() {
    make_room();
    std::span const room{in_.data() + end_, in_.size() - end_};
    auto const got = co_await connection_.transport().read_some(room);
    if (got.error) co_return false;
    much_comes_ = got.bytes == room.size();
    end_ += got.bytes;
    connection_.sessions().counters().bytes_in.add(got.bytes);
    co_return true;
}

async::Task<bool> Wire::flush() {
    if (out_.empty()) co_return true;
    auto const pieces = out_.buffers();
    bool const in_slices = out_.size() > send_bytes;
    bool sound = true;
    for (std::size_t i = 0, offset = 0; sound && i < pieces.size();) {
        std::array const slice{boost::asio::buffer(pieces[i] + offset, send_bytes)};
        connection_.wait_for(Connection::Wait::Peer, connection_.door().limits.idle_timeout);
        auto const sent = co_await connection_.transport().write(
            in_slices ? std::span<boost::asio::const_buffer const>{slice} : pieces
        );
        connection_.sessions().counters().bytes_out.add(sent.bytes);
        sound = !sent.error;
        if (!in_slices) break;
        offset += slice[0].size();
        if (offset == pieces[i].size()) {
            ++i;
            offset = 0;
        }
    }
    out_.clear();
    co_return sound;
}

async::Task<> Wire::finish(bool linger) {
    auto const flushed = co_await flush();
    if (!flushed) co_return;
    auto const& limits = connection_.door().limits;
    connection_.wait_for(Connection::Wait::Peer, std::min<Limits::Duration>(longest_linger, limits.idle_timeout));
    co_await connection_.transport().shutdown();
    std::array<char, 16384> ignored{};
    while (linger) {
        auto const [error, bytes] =
            co_await connection_.transport().socket().async_read_some(boost::asio::buffer(ignored), async::nothrow);
        linger = !error;
    }
    connection_.transport().close();
}

}  // namespace macp::http
