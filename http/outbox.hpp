#pragma once

#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace macp::http {

/// Answers that wait for one gathered write: heads and small bodies run together in one text, large bodies stay where
/// they are. Threads: one at a time.
class Outbox {
public:
    static constexpr std::size_t copied_bytes = 2048;  ///< Bodies up to here are copied: cheaper than one more buffer.

    /// Where to append heads.
    [[nodiscard]] std::string& text() noexcept { return text_; }
    void add_body(std::string body);
    void add_body(std::shared_ptr<std::string const> body);
    void add_chunk(std::string piece);  ///< A body in chunked coding, piece by piece; none of them empty.

    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return text_.size() + body_bytes_; }
    [[nodiscard]] std::size_t bodies() const noexcept { return bodies_.size(); }

    /// All of it in order; valid until the next change.
    [[nodiscard]] std::span<boost::asio::const_buffer const> buffers();
    void clear();

private:
    struct Body {
        std::size_t after = 0;  ///< Bytes of the text in front of it.
        std::variant<std::string, std::shared_ptr<std::string const>> bytes{};
    };

    std::string text_;
    std::vector<Body> bodies_;
    std::size_t body_bytes_ = 0;
    std::vector<boost::asio::const_buffer> buffers_;
};

}  // namespace macp::http
