#include "http/outbox.hpp"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace macp::http {
namespace {

constexpr std::size_t kept_bytes = std::size_t{16} << 10;

boost::asio::const_buffer buffer_of(std::string_view bytes) {
    return {bytes.data(), bytes.size()};
}

}  // namespace

void Outbox::add_body(std::string body) {
    if (body.size() <= copied_bytes) {
        text_ += body;
        return;
    }
    body_bytes_ += body.size();
    bodies_.push_back({.after = text_.size(), .bytes = std::move(body)});
}

void Outbox::add_body(std::shared_ptr<std::string const> body) {
    body_bytes_ += body->size();
    bodies_.push_back({.after = text_.size(), .bytes = std::move(body)});
}

void Outbox::add_chunk(std::string piece) {
    std::array<char, 16> size{};
    auto const end = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr;
    text_.append(size.data(), end);
    text_ += "\r\n";
    add_body(std::move(piece));
    text_ += "\r\n";
}

std::span<boost::asio::const_buffer const> Outbox::buffers() {
    buffers_.clear();
    std::string_view const text{text_};
    std::size_t done = 0;
    for (auto const& body : bodies_) {
        buffers_.push_back(buffer_of(text.substr(done, body.after - done)));
        done = body.after;
        auto const* const own = std::get_if<std::string>(&body.bytes);
        buffers_.push_back(buffer_of(own != nullptr ? *own : *std::get<1>(body.bytes)));
    }
    if (done < text.size()) buffers_.push_back(buffer_of(text.substr(done)));
    return buffers_;
}

void Outbox::clear() {
    text_.clear();
    if (text_.capacity() > kept_bytes) text_.shrink_to_fit();
    bodies_.clear();
    body_bytes_ = 0;
}

}  // namespace macp::http
