#pragma once

#include "http/message.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace macp::http {

/// Reads one request straight into a `Request`: Beast's grammar, without its containers.
///
/// Beyond Beast it refuses what intermediaries read in different ways: folded headers, a transfer coding other than
/// `chunked`, no Host or more than one. Trailers are dropped. Threads: any, one at a time.
class RequestParser final : public boost::beast::http::basic_parser<true> {
public:
    using Error = boost::beast::error_code;

    RequestParser() { body_limit(boost::none); }

    /// `put`, and remembers how far the header went. Only with bytes at hand.
    std::size_t feed(std::string_view bytes, Error& error);

    /// The body is checked and counted, but not kept.
    void discard_body() { discarding_ = true; }

    /// What is wrong with a refused request, and the header at fault; empty: `feed`'s error says all.
    struct Fault {
        std::string_view message{};
        std::string_view field{};
    };
    [[nodiscard]] Fault const& fault() const noexcept { return fault_; }

    [[nodiscard]] bool has_request_line() const noexcept { return !target_.empty(); }
    [[nodiscard]] std::size_t header_bytes() const noexcept { return header_bytes_; }  ///< Of the header, so far.
    /// True after an error when the request is HTTP of a version that is not read here.
    [[nodiscard]] bool is_other_version() const noexcept { return other_version_; }
    [[nodiscard]] bool is_http_1_1() const noexcept { return version_ >= 11; }
    [[nodiscard]] std::string const& target() const noexcept { return target_; }  ///< As sent.
    [[nodiscard]] Request& request() noexcept { return request_; }

private:
    using Text = boost::beast::string_view;
    using Field = boost::beast::http::field;

    void on_request_impl(boost::beast::http::verb verb, Text method, Text target, int version, Error& error) override;
    void on_response_impl(int, Text, int, Error&) override {}
    void on_field_impl(Field field, Text name, Text value, Error& error) override;
    void on_header_impl(Error& error) override;
    void on_body_init_impl(boost::optional<std::uint64_t> const& length, Error& error) override;
    std::size_t on_body_impl(Text bytes, Error& error) override;
    void on_chunk_header_impl(std::uint64_t, Text, Error&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t remaining, Text bytes, Error& error) override;
    void on_finish_impl(Error&) override {}

    void refuse(Error& error, Fault fault);

    Request request_{};
    std::string target_{};
    Fault fault_{};
    std::size_t header_bytes_ = 0;
    int version_ = 0;
    bool header_done_ = false;
    bool has_host_ = false;
    bool other_version_ = false;
    bool discarding_ = false;
};

}  // namespace macp::http
