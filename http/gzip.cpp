#include "http/gzip.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <new>

namespace macp::http {
namespace {

constexpr std::size_t slice_bytes = std::size_t{64} << 10;  ///< About half a millisecond of work.
constexpr int gzip_window = 15 + 16;                        ///< Largest window, gzip wrapping.

int native(Gzip::Flush flush) {
    if (flush == Gzip::Flush::Finish) return Z_FINISH;
    return flush == Gzip::Flush::Sync ? Z_SYNC_FLUSH : Z_NO_FLUSH;
}

}  // namespace

Gzip::Gzip() {
    auto const result = ::deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY);
    if (result != Z_OK) throw std::bad_alloc{};
}

Gzip::~Gzip() {
    ::deflateEnd(&stream_);
}

void Gzip::put(std::string& out, std::string_view text, Flush flush) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib's type lacks a const
    stream_.avail_in = static_cast<uInt>(text.size());
    do {
        auto const used = out.size();
        out.resize(used + std::max<std::size_t>(1024, stream_.avail_in / 2));
        stream_.next_out = reinterpret_cast<Bytef*>(out.data() + used);
        stream_.avail_out = static_cast<uInt>(out.size() - used);
        ::deflate(&stream_, native(flush));
        out.resize(out.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
}

async::Task<std::string> gzip(std::string_view text) {
    Gzip stream;
    std::string out;
    while (text.size() > slice_bytes) {
        stream.put(out, text.substr(0, slice_bytes), Gzip::Flush::None);
        text.remove_prefix(slice_bytes);
        co_await boost::asio::post(async::nothrow);
    }
    stream.put(out, text, Gzip::Flush::Finish);
    co_return out;
}

bool is_compressible(std::string_view content_type) {
    auto const type = content_type.substr(0, content_type.find(';'));
    return type.starts_with("text/") || type.ends_with("json") || type.ends_with("xml") || type.ends_with("javascript");
}

}  // namespace macp::http
