#pragma once

#include "async/task.hpp"

#include <string>
#include <string_view>
#include <zlib.h>

namespace macp::http {

/// A gzip stream, fed piece by piece. Throws std::bad_alloc when zlib gets no memory. Threads: one at a time.
class Gzip {
public:
    enum class Flush { None, Sync, Finish };  ///< Sync: what was put in can be read at the other end.

    Gzip();
    Gzip(Gzip const&) = delete;
    Gzip& operator=(Gzip const&) = delete;
    ~Gzip();

    void put(std::string& out, std::string_view text, Flush flush);

private:
    z_stream stream_{};
};

/// `text` compressed, in slices, so that the loop serves others in between. `text` must live until it is done.
[[nodiscard]] async::Task<std::string> gzip(std::string_view text);

/// True for media types that shrink: text, JSON, XML, scripts and SVG.
[[nodiscard]] bool is_compressible(std::string_view content_type);

}  // namespace macp::http
