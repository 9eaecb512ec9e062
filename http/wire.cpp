#include "http/wire.hpp"

#include "http/sessions.hpp"

#include <algorithm>
#include <array>

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

async::Task<bool> Wire::fill() {
    make_room();
    auto const room = in_.size() - end_;
    auto const got = co_await connection_.transport().read_some({in_.data() + end_, room});
    if (got.error) co_return false;
    much_comes_ = got.bytes == room;
    end_ += got.bytes;
    connection_.sessions().counters().bytes_in.add(got.bytes);
    co_return true;
}

async::Task<bool> Wire::send(std::span<boost::asio::const_buffer const> pieces) {
    connection_.wait_for(Connection::Wait::Peer, connection_.door().limits.idle_timeout);
    auto const sent = co_await connection_.transport().write(pieces);
    connection_.sessions().counters().bytes_out.add(sent.bytes);
    co_return !sent.error;
}

async::Task<bool> Wire::flush() {
    if (out_.empty()) co_return true;
    auto const pieces = out_.buffers();
    bool sound = true;
    if (out_.size() <= send_bytes) {
        sound = co_await send(pieces);
    } else {
        for (auto piece : pieces) {
            while (sound && piece.size() > 0) {
                std::array const slice{boost::asio::buffer(piece, send_bytes)};
                sound = co_await send(slice);
                piece += slice[0].size();
            }
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
